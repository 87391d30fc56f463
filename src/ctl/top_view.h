/* SPDX-License-Identifier: MIT */
/* top_view: draws a frame with the rates of a service. */
#ifndef SOCKGREET_CTL_TOP_VIEW_H
#define SOCKGREET_CTL_TOP_VIEW_H

#include "ctl/frame.h"
#include "ctl/sample.h"

#include <time.h>

struct top_view {
    const char *host;
    const struct sample *before, *now; /* NULL: none */
    const char *trouble;               /* why the service does not answer; NULL: it does */
    time_t time;
};

/* Returns the text, which the caller frees. */
char *top_view_draw(const struct top_view *view, const struct frame_look *look, size_t *size);

#endif
