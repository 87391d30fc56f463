/* SPDX-License-Identifier: MIT */
#include "service/moment.h"

void moment_set(struct moment *moment, struct timespec now)
{
    moment->nanosecond = now.tv_nsec;
    if (moment->rfc3339[0] && moment->second == now.tv_sec)
        return;
    moment->second = now.tv_sec;
    gmtime_r(&now.tv_sec, &moment->broken_down);
    strftime(moment->rfc3339, sizeof(moment->rfc3339), "%Y-%m-%dT%H:%M:%SZ", &moment->broken_down);
    strftime(moment->http_date, sizeof(moment->http_date), "%a, %d %b %Y %H:%M:%S GMT", &moment->broken_down);
}
