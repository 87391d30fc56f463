/* SPDX-License-Identifier: MIT */
/* render: answers that are not the same for every client, with what a thread knows. */
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
    struct moment moment, accepted;
    bool is_dated; /* the moment is that of the answers that are written now */
    struct interfaces interfaces;
    struct speaker speaker;
    const struct notice *notice;
    uint32_t notice_seen;
    struct state state; /* what the notice said when it was read last */
    const struct shared_service *service;
    struct metrics *metrics; /* what it had counted when it was read last; NULL where no listener tells it */
    uint64_t totals_seen;    /* see shared_totals() */
    unsigned long load;      /* of the machine, in hundredths */
    bool load_known;
    int64_t load_until; /* when it is asked for again: monotonic ns */
    uint64_t answers;   /* that were written */
};

/* Of a thread that speaks as speaker, but for what it gets here: its id and process; shared has what the
 * whole service says and counts. Returns 0 or -errno; close in any case. */
int render_open(struct render *render, const struct conf *conf, const struct speaker *speaker,
                const struct shared *shared);
void render_close(struct render *render);

/* The answers that follow, up to the next call, are of one moment. */
void render_begin(struct render *render);

/* Writes a listener's answer to a client; out has room for its plan's longest. The occasion has what is known
 * of the client, and gets the rest here. Returns the length. */
size_t render_answer(struct render *render, const struct conf_listener *listener, struct occasion *occasion,
                     char *out);

#endif
