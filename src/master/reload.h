/* SPDX-License-Identifier: MIT */
/* reload: load, bind what is new, start the new generation, and only when it serves drain the old one.
 * Whatever fails leaves the old generation as it was. */
#ifndef SOCKGREET_RELOAD_H
#define SOCKGREET_RELOAD_H

#include "conf/loader.h"
#include "master/generations.h"

#define RELOAD_TEXT_MAX 4096

struct reload {
    const struct conf_source *source;
    struct children *children;
    struct generations *generations;
    struct failure *failure;
    /* A run is over: its exit status for sockgreetctl, and what to say. */
    void (*over)(void *context, unsigned run, int code, const char *text);
    void *context;

    unsigned run; /* number of the one in progress or, if there is none, of the last */
    bool wanted;  /* another one, after the one in progress if there is one */
    bool running;
    struct loader *loader;      /* NULL: not loading */
    unsigned retiring;          /* number of the old generation, until it accepts nobody any more; 0: none */
    int64_t deadline;           /* of the new generation's start, or of the old one's last clients */
    char text[RELOAD_TEXT_MAX]; /* what went wrong, a line each */
};

/* Asks for a reload. Returns the number of the run that will have seen the file as it is now; those that are
 * asked for while another runs become one. */
unsigned reload_request(struct reload *reload);

/* Goes on as far as possible; begins what is wanted if it may. Returns when to call again (monotonic ns). */
int64_t reload_step(struct reload *reload, bool may_begin, int64_t now);

/* Gives up what runs and what is wanted, since the service ends. Those who asked are told why. */
void reload_cancel(struct reload *reload, const char *why, int64_t now);

#endif
