/* SPDX-License-Identifier: MIT */
/* status: what the service says of itself: its state and since when, how fast it greets, and all in one line
 * for the service manager, who is told when something changes. */
#ifndef SOCKGREET_STATUS_H
#define SOCKGREET_STATUS_H

#include "master/view.h"

#define STATUS_MAX 121 /* bytes of the line, with its end */

struct status {
    struct view view; /* what is known of the service; now and rate are filled by status_view() */
    char line[STATUS_MAX];
    int64_t serving_since; /* during a reload: when SERVICE_SERVING began (monotonic ns) */
    bool ready_untold;     /* the service manager still waits for READY=1 */
    int64_t refresh_at;    /* when to look at it again (monotonic ns) */
    uint64_t changes;      /* of the generations, that the line tells of */
    uint64_t rate_served;  /* greetings by rate_at */
    int64_t rate_at;
    double rate; /* greetings a second before that */
};

/* The service begins. */
void status_open(struct status *status, const struct generations *generations, const struct failure *failure,
                 int64_t now);

/* Notes the state; a new one shows in the line soon. */
void status_note(struct status *status, enum service_state state, int64_t now);

/* Notes how a reload ended: code is an exit status, and the first line of text says why it was refused. */
void status_reloaded(struct status *status, int code, const char *text, int64_t now);

/* The service at this moment. */
struct view status_view(const struct status *status, int64_t now);

/* Composes the line anew, and tells the service manager if it is another. */
void status_refresh(struct status *status, int64_t now);

/* Tells the service manager READY=1 with the line, now or as soon as it listens. */
void status_ready(struct status *status, int64_t now);

/* Refreshes when it is time for that. Returns when to call again (monotonic ns). */
int64_t status_step(struct status *status, int64_t now);

/* Writes the line; what does not fit is cut. */
void status_text(const struct view *view, char text[STATUS_MAX]);

/* The word for a state. */
const char *status_word(enum service_state state);

#endif
