/* SPDX-License-Identifier: MIT */
#include "system/descriptors.h"

#include "base/util.h"
#include "log/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define DESCRIPTORS_OTHER \
    40 /* standard streams, eventfds, pipes, NSS and journald sockets, and room to breathe */
#define DESCRIPTORS_PER_THREAD 2 /* epoll, and one in accept's hands */
#define CONNECTIONS_LEAST      8 /* per process; with less it is not worth starting */

unsigned limits_share(unsigned total, unsigned count, unsigned index)
{
    return total / count + (index < total % count);
}

static rlim_t overhead(const struct conf *conf, size_t sockets)
{
    return sockets + DESCRIPTORS_OTHER + (rlim_t)conf->thread_count * DESCRIPTORS_PER_THREAD;
}

/* Raises the soft limit, and the hard one where that is allowed, towards need; returns what it is then. */
static rlim_t raise_limit(rlim_t need)
{
    struct rlimit limit = {0, 0};

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
        return limit.rlim_cur;
    if (limit.rlim_max < need) {
        struct rlimit higher = {need, need};

        if (setrlimit(RLIMIT_NOFILE, &higher) == 0) /* CAP_SYS_RESOURCE, up to fs.nr_open */
            return need;
    }
    limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

int limits_apply(const struct conf *conf, size_t sockets, unsigned *connections)
{
    rlim_t other = overhead(conf, sockets);
    rlim_t need = other + limits_share(conf->connections, conf->processes, 0), limit = raise_limit(need);
    unsigned long long have;

    *connections = conf->connections;
    if (limit >= need)
        return 0;
    have = limit > other ? (unsigned long long)(limit - other) : 0;
    if (conf->connections_given || have < CONNECTIONS_LEAST) {
        log_event(LOG_ERR, MESSAGE_LIMIT_LOWERED, NULL,
                  "limits.connections: %u need %llu file descriptors per process, but no more than %llu can "
                  "be had: "
                  "lower it, or raise LimitNOFILE (ulimit -n)",
                  conf->connections, (unsigned long long)need, (unsigned long long)limit);
        return -EMFILE;
    }
    *connections = (unsigned)have * conf->processes;
    log_event(
        LOG_WARNING, MESSAGE_LIMIT_LOWERED, NULL,
        "limits.connections: lowered from %u to %u, because no more than %llu file descriptors per process "
        "can be had (LimitNOFILE, ulimit -n)",
        conf->connections, *connections, (unsigned long long)limit);
    return 0;
}
