/* SPDX-License-Identifier: MIT */
/* rest: what of its greeting a client has still to get. One that was rendered lies in the thread's buffer,
 * which the next client needs, so what cannot be sent at once is copied; the copies of a thread are bounded.
 */
#ifndef SOCKGREET_UNSENT_H
#define SOCKGREET_UNSENT_H

#include "serve/conn.h"
#include "serve/render.h"

struct unsent_copies {
    struct render *render;
    struct timer_list *owners; /* clients with a copy, by conn->idle; the first is longest without progress */
    void (*give_up)(struct conn *conn);
    size_t copied; /* bytes */
};

/* Finds what to send: conn->unsent. */
void unsent_render(struct conn *conn);

/* It stays where it is after the next client came. Where all room for copies is taken, whoever is longest
 * without progress gives way. Returns false if there is no memory. */
bool unsent_keep(struct conn *conn);

void unsent_drop(struct conn *conn);

#endif
