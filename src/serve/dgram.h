/* SPDX-License-Identifier: MIT */
/* dgram: UDP and Unix datagrams of one thread. Receives a batch and sends a batch; each answer leaves from
 * the address that the datagram was sent to.
 *
 * Which datagrams are not answered, and how long an answer may be, follows from two attacks: spoofed
 * datagrams that make servers answer each other endlessly (CVE-2024-2169), and amplification (RFC 5358 for
 * DNS). */
#ifndef SOCKGREET_DGRAM_H
#define SOCKGREET_DGRAM_H

#include "guard/guard.h"
#include "serve/acceptor.h"
#include "serve/account.h"
#include "serve/render.h"

struct dgram_batch;

/* Set by the thread: all but batch. */
struct dgrams {
    struct loop *loop;
    struct account *account;
    struct render *render;
    const struct conf *conf;
    struct guard *guard;
    struct dgram_batch *batch;
};

extern const struct transport_ops dgram_ops;

/* Returns 0 or -ENOMEM; close in any case. */
int dgrams_open(struct dgrams *dgrams);
void dgrams_close(struct dgrams *dgrams);

#endif
