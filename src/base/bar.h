/* SPDX-License-Identifier: MIT */
/* bar: a share as a line of a length. */
#ifndef SOCKGREET_BAR_H
#define SOCKGREET_BAR_H

#include <stdbool.h>
#include <stddef.h>

#define BAR_COLUMNS 60                    /* at most */
#define BAR_MAX     (BAR_COLUMNS * 3 + 1) /* bytes */

/* Draws a share of 0 to 1 of so many columns, in eighths of one with blocks, else in whole ones of "#".
 * Whatever is more than nothing shows. Returns room. */
const char *bar_draw(char room[BAR_MAX], double share, size_t columns, bool blocks);

#endif
