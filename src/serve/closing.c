/* SPDX-License-Identifier: MIT */
#include "serve/closing.h"

#include <unistd.h>

void closing_add(struct closing *closing, int fd)
{
    if (closing->last && fd == closing->last + 1) {
        closing->last = fd;
    } else if (closing->first && fd == closing->first - 1) {
        closing->first = fd;
    } else {
        closing_finish(closing);
        closing->first = closing->last = fd;
    }
}

/* close_range(2) exists since Linux 5.9. */
void closing_finish(struct closing *closing)
{
    if (closing->last && close_range((unsigned)closing->first, (unsigned)closing->last, 0) < 0)
        for (int fd = closing->first; fd <= closing->last; fd++)
            close(fd);
    closing->first = closing->last = 0;
}
