/* SPDX-License-Identifier: MIT */
/* bar: draws a share as a horizontal bar. */
#ifndef SOCKGREET_BAR_H
#define SOCKGREET_BAR_H

#include <stdbool.h>
#include <stddef.h>

#define BAR_COLUMNS 60                    /* at most */
#define BAR_MAX     (BAR_COLUMNS * 3 + 1) /* bytes */

/* Draws a share from 0 to 1 as a bar of at most that many columns: with blocks in eighths of a column,
 * otherwise in columns of "#". A share above 0 is always visible. Returns room. */
const char *bar_draw(char room[BAR_MAX], double share, size_t columns, bool blocks);

#endif
