/* SPDX-License-Identifier: MIT */
#include "ctl/clock.h"

#include <stdio.h>
#include <string.h>

bool clock_parse(const char *text, time_t *when)
{
    struct tm utc = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);

    if (!end)
        return false;
    if (*end == '.')
        end += 1 + strspn(end + 1, "0123456789");
    *when = timegm(&utc);
    return strcmp(end, "Z") == 0;
}

const char *clock_local(char room[CLOCK_MAX], const char *text, time_t now)
{
    struct tm local, today;
    time_t when;
    bool same_day;

    if (!clock_parse(text, &when) || !localtime_r(&when, &local) || !localtime_r(&now, &today))
        return text;
    same_day = local.tm_yday == today.tm_yday && local.tm_year == today.tm_year;
    strftime(room, CLOCK_MAX, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &local);
    return room;
}

const char *clock_duration(char room[CLOCK_MAX], time_t seconds)
{
    long long s = seconds > 0 ? seconds : 0;

    if (s < 60)
        snprintf(room, CLOCK_MAX, "%lld s", s);
    else if (s < 3600)
        snprintf(room, CLOCK_MAX, "%lld min", s / 60);
    else if (s < 86400)
        snprintf(room, CLOCK_MAX, "%lld h %lld min", s / 3600, s % 3600 / 60);
    else
        snprintf(room, CLOCK_MAX, "%lld d %lld h", s / 86400, s % 86400 / 3600);
    return room;
}
