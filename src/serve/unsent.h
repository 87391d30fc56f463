/* SPDX-License-Identifier: MIT */
/* unsent: the part of a client's greeting that was not sent yet. A rendered greeting is in the thread's
 * buffer, which the next client needs, so what cannot be sent at once is copied. The copies of a thread have
 * a limit. */
#ifndef SOCKGREET_UNSENT_H
#define SOCKGREET_UNSENT_H

#include "serve/conn.h"
#include "serve/render.h"

struct unsent_copies {
    struct render *render;
    struct timer_list *owners; /* clients with a copy, by conn->idle; the first is longest without progress */
    void (*give_up)(struct conn *conn);
    size_t copied; /* bytes */
    int64_t turn;  /* of the last greeting that was rendered: monotonic ns */
};

/* Sets conn->unsent to the whole greeting. */
void unsent_render(struct conn *conn);

/* Copies it, so that it stays valid when the next client is served. At the limit gives up the client that has
 * been without progress for longest. Returns false if there is no memory. */
bool unsent_keep(struct conn *conn);

void unsent_drop(struct conn *conn);

#endif
