/* SPDX-License-Identifier: MIT */
/* status: the state of the service and since when, its rate of greetings, and a line with all of it for the
 * service manager, which is notified of changes. */
#ifndef SOCKGREET_STATUS_H
#define SOCKGREET_STATUS_H

#include "master/view.h"

#define STATUS_MAX 121 /* bytes of the line, with its end */

struct status {
    struct view view; /* of the service; now and rate are filled by status_view() */
    char line[STATUS_MAX];
    int64_t serving_since; /* during a reload: when SERVICE_SERVING began (monotonic ns) */
    bool ready_untold;     /* READY=1 has not been sent yet */
    int64_t refresh_at;    /* when to compose the line again (monotonic ns) */
    uint64_t changes;      /* of the generations, when the line was composed */
    uint64_t rate_served;  /* greetings at rate_at */
    int64_t rate_at;
    double rate; /* greetings per second before that */
};

/* Starts in the state SERVICE_STARTING. */
void status_open(struct status *status, const struct generations *generations, const struct failure *failure,
                 int64_t now);

/* Notes the state; a new one appears in the line soon. */
void status_note(struct status *status, enum service_state state, int64_t now);

/* Notes how a reload ended: code is an exit status, and the first line of text says why it was refused. */
void status_reloaded(struct status *status, int code, const char *text, int64_t now);

/* The service at this moment. */
struct view status_view(const struct status *status, int64_t now);

/* Composes the line again, and sends it to the service manager if it has changed. */
void status_refresh(struct status *status, int64_t now);

/* Sends READY=1 with the line to the service manager, now or as soon as possible. */
void status_ready(struct status *status, int64_t now);

/* Refreshes if that is due. Returns when to call again (monotonic ns). */
int64_t status_step(struct status *status, int64_t now);

/* The name of a state, "serving". */
const char *status_word(enum service_state state);

#endif
