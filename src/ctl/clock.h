/* SPDX-License-Identifier: MIT */
/* clock: formats the service's times. */
#ifndef SOCKGREET_CTL_CLOCK_H
#define SOCKGREET_CTL_CLOCK_H

#include <stdbool.h>
#include <time.h>

#define CLOCK_MAX 32

/* Reads an RFC 3339 time in UTC, without its fraction. */
bool clock_parse(const char *text, time_t *when);

/* Local time, with the date unless it is today's. Returns room; or text if it is not a time. */
const char *clock_local(char room[CLOCK_MAX], const char *text, time_t now);

/* A duration in one or two units. Returns room. */
const char *clock_duration(char room[CLOCK_MAX], time_t seconds);

#endif
