/* SPDX-License-Identifier: MIT */
#include "service/moment.h"

#include "service/digits.h"

bool moment_set(struct moment *moment, struct timespec now)
{
    moment->nanosecond = now.tv_nsec;
    if (moment->rfc3339[0] && moment->second == now.tv_sec)
        return false;
    moment->second = now.tv_sec;
    moment->digits[digits_write(moment->digits, sizeof(moment->digits) - 1, now.tv_sec)] = '\0';
    gmtime_r(&now.tv_sec, &moment->broken_down);
    strftime(moment->rfc3339, sizeof(moment->rfc3339), "%Y-%m-%dT%H:%M:%SZ", &moment->broken_down);
    strftime(moment->http_date, sizeof(moment->http_date), "%a, %d %b %Y %H:%M:%S GMT", &moment->broken_down);
    return true;
}
