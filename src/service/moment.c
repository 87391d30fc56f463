/* SPDX-License-Identifier: MIT */
#include "service/moment.h"

void moment_set(struct moment *moment, time_t second)
{
    struct tm tm;

    if (moment->rfc3339[0] && moment->second == second)
        return;
    moment->second = second;
    gmtime_r(&second, &tm);
    strftime(moment->rfc3339, sizeof(moment->rfc3339), "%Y-%m-%dT%H:%M:%SZ", &tm);
}
