/* SPDX-License-Identifier: MIT */
#include "client/report/stamp.h"

#include "base/util.h"

#include <stdio.h>

static const char *write_stamp(char text[STAMP_MAX], int64_t ns)
{
    time_t seconds = (time_t)(ns / NS_PER_S);
    struct tm tm;
    char date[24];

    gmtime_r(&seconds, &tm);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, STAMP_MAX, "%s.%06dZ", date, (int)(ns % NS_PER_S / NS_PER_US));
    return text;
}

static int64_t realtime_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

const char *stamp_now(char text[STAMP_MAX])
{
    return write_stamp(text, realtime_ns());
}

static int64_t realtime_of(int64_t monotonic)
{
    return realtime_ns() - (monotonic_ns() - monotonic);
}

const char *stamp_of(char text[STAMP_MAX], int64_t monotonic)
{
    return write_stamp(text, realtime_of(monotonic));
}

const char *stamp_clock(char text[STAMP_MAX], int64_t monotonic)
{
    int64_t ns = realtime_of(monotonic);
    time_t seconds = (time_t)(ns / NS_PER_S);
    struct tm tm;

    localtime_r(&seconds, &tm);
    snprintf(text, STAMP_MAX, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
             (int)(ns % NS_PER_S / NS_PER_MS));
    return text;
}
