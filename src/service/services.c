/* SPDX-License-Identifier: MIT */
#include "service/services.h"

#include "base/util.h"
#include "service/greeting.h"

static const struct service *const table[] = {
    &service_greeting,
};

const struct service *services_row(size_t row)
{
    return row < ARRAY_SIZE(table) ? table[row] : NULL;
}
