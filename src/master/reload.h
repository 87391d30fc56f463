/* SPDX-License-Identifier: MIT */
/* reload: loads the configuration, binds new sockets, starts the new generation, and drains the old one only
 * when the new one serves. A failure at any step leaves the old generation as it was. */
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
    /* Called when a run is over, with the exit status for sockgreetctl and the text to print. */
    void (*over)(void *context, unsigned run, int code, const char *text);
    void *context;

    unsigned run; /* number of the run in progress or, if there is none, of the last one */
    bool wanted;  /* another run is requested, after the one in progress if there is one */
    bool running;
    struct loader *loader;      /* NULL: not loading */
    unsigned retiring;          /* number of the old generation while it still accepts clients; 0: none */
    int64_t deadline;           /* of the new generation's start, or of the old one's last clients */
    char text[RELOAD_TEXT_MAX]; /* the errors, a line each */
};

/* Requests a reload. Returns the number of the run that will read the file as it is now; all requests during
 * one run share the next run. */
unsigned reload_request(struct reload *reload);

/* Continues as far as possible, and starts the requested run if may_begin. Returns when to call again
 * (monotonic ns). */
int64_t reload_step(struct reload *reload, bool may_begin, int64_t now);

/* Gives up the run in progress and the requested one, because the service ends. Clients that wait for them
 * are told why. */
void reload_cancel(struct reload *reload, const char *why, int64_t now);

#endif
