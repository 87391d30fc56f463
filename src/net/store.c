/* SPDX-License-Identifier: MIT */
#include "net/store.h"

#include "base/util.h"
#include "system/notify.h"

#include <time.h>

#define STORE_AT_ONCE    64
#define STORE_LEAST_NS   (10 * NS_PER_MS)
#define STORE_COMPARE_NS 2500 /* what systemd 252 takes to compare two descriptors */

int64_t store_some(const struct sockets *sockets)
{
    size_t told = 0;

    for (size_t i = 0; i < sockets->count && notify_enabled(); i++) {
        struct socket *socket = sockets->members[i].socket;

        /* A .socket unit passes its socket at every start; if it was stored, too, it would come twice. */
        if (socket->stored || !socket->owned)
            continue;
        socket->stored = told < STORE_AT_ONCE && notify_store(socket->fd, socket->label);
        if (!socket->stored) /* takes at most half of the manager's time */
            return STORE_LEAST_NS + (int64_t)(2 * told * i) * STORE_COMPARE_NS;
        told++;
    }
    return -1;
}

void store_rest(const struct sockets *sockets, int64_t longest_ns)
{
    int64_t end = monotonic_ns() + longest_ns, pause;

    while ((pause = store_some(sockets)) >= 0 && monotonic_ns() + pause < end)
        nanosleep(&(struct timespec){.tv_sec = pause / NS_PER_S, .tv_nsec = pause % NS_PER_S}, NULL);
}
