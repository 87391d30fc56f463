/* SPDX-License-Identifier: MIT */
/* readiness: the state that load balancers see: the worst of the one that the operator has set, maint if the
 * maintenance file exists, and that of a stop. Changes are passed to the workers and logged. The state that
 * the operator has set is saved in the runtime directory, so that it outlives this process. */
#ifndef SOCKGREET_READINESS_H
#define SOCKGREET_READINESS_H

#include "base/message.h"
#include "master/generations.h"

/* What the state in effect comes from. */
enum readiness_origin { READINESS_DEFAULT, READINESS_OPERATOR, READINESS_FILE, READINESS_STOP };

struct readiness {
    struct generations *generations;
    bool keeps; /* saves the operator's state in the runtime directory */

    struct state set;  /* by the operator */
    struct state file; /* by the existence of the maintenance file */
    struct state stop; /* by a stop */

    struct state state; /* in effect */
    enum readiness_origin origin;
    int64_t since;          /* monotonic ns, as all times here */
    bool unreported;        /* not logged yet */
    struct message unkept;  /* why the operator's state cannot be saved; "": it is saved */
    struct message unknown; /* why it is unknown whether the file exists; "": it is known */
    unsigned looked_for;    /* number of the generation whose file was checked last */
    int64_t look_at;        /* when to check again */
};

void readiness_open(struct readiness *readiness, struct generations *generations, int64_t now);

/* Restores the state that an earlier process has saved, and saves each state that is set from now on. It is
 * logged by the next readiness_step() with a loaded configuration, since that sets the log's target. */
void readiness_restore(struct readiness *readiness, int64_t now);

/* Sets the operator's state, on behalf of this user. */
void readiness_set(struct readiness *readiness, const struct state *state, uid_t user, int64_t now);

/* The service stops. The change is not logged, since the stop is. */
void readiness_stop(struct readiness *readiness, int64_t now);

/* Checks for the maintenance file if that is due. Returns when to call again. */
int64_t readiness_step(struct readiness *readiness, int64_t now);

/* "operator". */
const char *readiness_origin_name(enum readiness_origin origin);

#endif
