/* SPDX-License-Identifier: MIT */
#include "ctl/quantity.h"

#include <math.h>
#include <stdio.h>

#define STEP 1000.0

static const char units[] = " kMGTPE";

/* Divides until at most three digits are before the point. Returns how often. */
static unsigned scale(double *value)
{
    unsigned steps = 0;

    while (*value >= STEP - 0.5 && steps + 2 < sizeof(units)) {
        *value /= STEP;
        steps++;
    }
    return steps;
}

/* Three digits are enough. */
static int decimals(double value)
{
    return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

const char *quantity_rate(char room[QUANTITY_MAX], double value)
{
    double rounded = round(value * 10) / 10;
    unsigned steps;

    if (value < 0)
        snprintf(room, QUANTITY_MAX, "-");
    else if (value < 999999.5)
        snprintf(room, QUANTITY_MAX, "%.*f", rounded < 100 && rounded != floor(rounded) ? 1 : 0, value);
    else {
        steps = scale(&value);
        snprintf(room, QUANTITY_MAX, "%.*f %c", decimals(value), value, units[steps]);
    }
    return room;
}

const char *quantity_bytes(char room[QUANTITY_MAX], double bytes)
{
    unsigned steps;

    if (bytes < 0) {
        snprintf(room, QUANTITY_MAX, "-");
        return room;
    }
    steps = scale(&bytes);
    if (steps == 0)
        snprintf(room, QUANTITY_MAX, "%.0f B", bytes);
    else
        snprintf(room, QUANTITY_MAX, "%.*f %cB", decimals(bytes), bytes, units[steps]);
    return room;
}
