/* SPDX-License-Identifier: MIT */
/* render: writes answers that differ between clients, for one thread. */
#ifndef SOCKGREET_RENDER_H
#define SOCKGREET_RENDER_H

#include "base/peer.h"
#include "conf/conf.h"
#include "net/interfaces.h"
#include "service/service.h"
#include "shm/shared.h"

#include <stdbool.h>
#include <stdint.h>

struct render {
    char *buffer; /* room for the longest answer to a stream client */
    const struct conf *conf;
    void **kept;         /* memory for each listener's plan; NULL before its first answer */
    uint64_t epoch;      /* see struct occasion; not 0 in an answer */
    int64_t second_ends; /* when uptime is a second more: monotonic ns */
    struct moment moment, accepted;
    enum plan_time dated; /* precision of moment for the current answers; PLAN_NO_TIME: not set */
    struct interfaces interfaces;
    struct speaker speaker;
    const struct notice *notice;
    uint32_t notice_seen;
    struct state state; /* of the notice when it was read last */
    const struct shared_service *service;
    struct metrics *metrics;     /* when they were read last; NULL if no listener uses them */
    uint64_t totals_seen;        /* see shared_totals() */
    unsigned long load;          /* of the machine, in hundredths */
    bool load_known, load_asked; /* in this second */
    uint64_t answers;            /* number of answers written */
};

/* speaker: copied, with id and pid set here. shared: has the state and the counts of the whole service.
 * Returns 0 or -errno; close in any case. */
int render_open(struct render *render, const struct conf *conf, const struct speaker *speaker,
                const struct shared *shared);
void render_close(struct render *render);

/* The answers up to the next call have the same time. */
void render_begin(struct render *render);

/* Writes a listener's answer to a client; out has room for the longest answer of its plan. occasion has the
 * information about the client; this function adds the rest. Returns the length. */
size_t render_answer(struct render *render, const struct conf_listener *listener, struct occasion *occasion,
                     char *out);

#endif
