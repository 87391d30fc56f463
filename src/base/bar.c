/* SPDX-License-Identifier: MIT */
#include "base/bar.h"

#include <math.h>
#include <string.h>

#define EIGHTHS 8

/* The number of parts out of all that show the share: at least one if it is above 0. */
static size_t parts_of(double share, size_t all)
{
    double parts = round(share * (double)all);

    if (!(share > 0) || all == 0)
        return 0;
    return parts < 1 ? 1 : parts > (double)all ? all : (size_t)parts;
}

static const char *draw_blocks(char room[BAR_MAX], size_t eighths)
{
    static const char *const blocks[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    char *end = room;

    for (size_t i = 0; i < eighths / EIGHTHS; i++)
        end = stpcpy(end, "█");
    strcpy(end, blocks[eighths % EIGHTHS]);
    return room;
}

const char *bar_draw(char room[BAR_MAX], double share, size_t columns, bool blocks)
{
    size_t parts;

    if (columns > BAR_COLUMNS)
        columns = BAR_COLUMNS;
    if (blocks)
        return draw_blocks(room, parts_of(share, columns * EIGHTHS));
    parts = parts_of(share, columns);
    memset(room, '#', parts);
    room[parts] = '\0';
    return room;
}
