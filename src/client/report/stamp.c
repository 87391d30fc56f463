/* SPDX-License-Identifier: MIT */
#include "client/report/stamp.h"

#include "base/util.h"

#include <stdio.h>

int64_t stamp_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t stamp_ns_of(int64_t monotonic)
{
    return stamp_now_ns() - (monotonic_ns() - monotonic);
}

const char *stamp_text(char text[STAMP_MAX], int64_t ns)
{
    time_t seconds = (time_t)(ns / NS_PER_S);
    struct tm tm;
    char date[24];

    gmtime_r(&seconds, &tm);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, STAMP_MAX, "%s.%06dZ", date, (int)(ns % NS_PER_S / NS_PER_US));
    return text;
}

const char *stamp_now(char text[STAMP_MAX])
{
    return stamp_text(text, stamp_now_ns());
}

const char *stamp_of(char text[STAMP_MAX], int64_t monotonic)
{
    return stamp_text(text, stamp_ns_of(monotonic));
}

const char *stamp_clock(char text[STAMP_MAX], int64_t monotonic)
{
    int64_t ns = stamp_ns_of(monotonic);
    time_t seconds = (time_t)(ns / NS_PER_S);
    struct tm tm;

    localtime_r(&seconds, &tm);
    snprintf(text, STAMP_MAX, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
             (int)(ns % NS_PER_S / NS_PER_MS));
    return text;
}
