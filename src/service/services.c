/* SPDX-License-Identifier: MIT */
#include "service/services.h"

#include "base/util.h"
#include "service/agent.h"
#include "service/daytime.h"
#include "service/greeting.h"
#include "service/http.h"
#include "service/monitor.h"
#include "service/qotd.h"
#include "service/time.h"

static const struct service *const table[] = {
    &service_greeting, &service_daytime, &service_time,    &service_qotd,
    &service_http,     &service_agent,   &service_monitor,
};

const struct service *services_row(size_t row)
{
    return row < ARRAY_SIZE(table) ? table[row] : NULL;
}
