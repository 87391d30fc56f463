/* SPDX-License-Identifier: MIT */
/* readiness: whether the service wants clients: the worst of what the operator has set, what the maintenance
 * file says by being there, and a stop. Workers are told, and the log. What the operator has set is kept in
 * the runtime directory and so outlives this process. */
#ifndef SOCKGREET_READINESS_H
#define SOCKGREET_READINESS_H

#include "base/message.h"
#include "master/generations.h"

/* Whose word it is. */
enum readiness_origin { READINESS_DEFAULT, READINESS_OPERATOR, READINESS_FILE, READINESS_STOP };

struct readiness {
    struct generations *generations;
    bool keeps; /* what is set, in the runtime directory */

    struct state set;  /* by the operator */
    struct state file; /* what the maintenance file says by being there */
    struct state stop; /* what a stop says */

    struct state state; /* in effect */
    enum readiness_origin origin;
    int64_t since;          /* monotonic ns, as all times here */
    bool unreported;        /* the log does not have it yet */
    struct message unkept;  /* why what was set cannot be kept; "": it is */
    struct message unknown; /* why it is not known whether the file is there; "": it is known */
    unsigned looked_for;    /* number of the generation whose file was looked for last */
    int64_t look_at;        /* when to look again */
};

void readiness_open(struct readiness *readiness, struct generations *generations, int64_t now);

/* From now on what is set is kept, and what an earlier process has kept is set. The log has it with the next
 * readiness_step() of a loaded configuration, which says what the log is. */
void readiness_restore(struct readiness *readiness, int64_t now);

/* The operator's word, who is this user. */
void readiness_set(struct readiness *readiness, const struct state *state, uid_t user, int64_t now);

/* The service stops, which the log says anyway. */
void readiness_stop(struct readiness *readiness, int64_t now);

/* Looks for the file when it is time for that. Returns when to call again. */
int64_t readiness_step(struct readiness *readiness, int64_t now);

/* "operator". */
const char *readiness_origin_name(enum readiness_origin origin);

#endif
