/* SPDX-License-Identifier: MIT */
#include "service/time.h"

#include <arpa/inet.h>
#include <string.h>

#define FROM_1900_TO_1970 2208988800

static const struct plan plan = {.service = &service_time, .time = PLAN_SECOND, .longest = sizeof(uint32_t)};

/* It wraps to 0 in 2036, as in NTP (RFC 5905, section 6). */
static size_t answer(const struct plan *unused, const struct occasion *occasion, char *out)
{
    uint32_t seconds = htonl((uint32_t)(occasion->moment->second + FROM_1900_TO_1970));

    (void)unused;
    memcpy(out, &seconds, sizeof(seconds));
    return sizeof(seconds);
}

const struct service service_time = {
    .name = "time", .transports = SERVICE_ON_ALL, .fixed = &plan, .answer = answer};
