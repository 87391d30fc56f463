/* SPDX-License-Identifier: MIT */
#include "system/descriptors.h"

#include "base/util.h"
#include "log/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#define DESCRIPTORS_OTHER      40 /* standard streams, eventfds, pipes, NSS, journald, and a reserve */
#define DESCRIPTORS_PER_THREAD 2  /* epoll, and one being accepted */
#define DESCRIPTORS_PER_WORKER 9  /* up to six generations, half of which have pipes open */
#define CONNECTIONS_LEAST      8  /* per process; with fewer it does not start */

unsigned descriptors_share(unsigned total, unsigned count, unsigned index)
{
    return total / count + (index < total % count);
}

unsigned descriptors_passed(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

    /* Both are needed to refer to this process (sd_listen_fds(3)). */
    return pid && count && strtol(pid, NULL, 10) == getpid() ? (unsigned)strtoul(count, NULL, 10) : 0;
}

/* A file opened next must not become standard error. */
static void occupy_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    close_fd(&fd);
}

void descriptors_prepare(unsigned extra)
{
    struct rlimit limit;

    occupy_standard();
    close_range(SD_LISTEN_FDS_START + descriptors_passed() + extra, ~0u, 0);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* The descriptors of a worker, besides its clients. */
static rlim_t worker_overhead(const struct conf *conf, size_t sockets)
{
    return sockets + DESCRIPTORS_OTHER + (rlim_t)conf->thread_count * DESCRIPTORS_PER_THREAD;
}

/* The descriptors of the master: every socket, and for each worker of this and earlier generations an eventfd
 * and, while it starts, a pipe. */
static rlim_t master_need(const struct conf *conf, size_t held)
{
    return held + DESCRIPTORS_OTHER + (rlim_t)conf->processes * DESCRIPTORS_PER_WORKER;
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

static rlim_t larger(rlim_t a, rlim_t b)
{
    return a > b ? a : b;
}

static int refuse(const struct conf *conf, rlim_t need, rlim_t limit, struct message *reason)
{
    if (message_change(reason, "limits.connections needs more file descriptors"))
        log_event(
            LOG_ERR, MESSAGE_LIMIT_LOWERED, NULL,
            "limits.connections: %u connections need %llu file descriptors per process, but only %llu are "
            "available; lower it, or raise LimitNOFILE (ulimit -n)",
            conf->connections, (unsigned long long)need, (unsigned long long)limit);
    return -EMFILE;
}

int descriptors_apply(const struct conf *conf, size_t sockets, size_t held, struct message *reason,
                      unsigned *connections)
{
    rlim_t other = worker_overhead(conf, sockets);
    rlim_t need =
        larger(other + descriptors_share(conf->connections, conf->processes, 0), master_need(conf, held));
    rlim_t limit = raise_limit(need);
    unsigned long long have;

    *connections = conf->connections;
    if (limit >= need)
        return 0;
    have = limit > other ? (unsigned long long)(limit - other) : 0;
    if (conf->connections_given || have < CONNECTIONS_LEAST)
        return refuse(conf, need, limit, reason);
    *connections = (unsigned)have * conf->processes;
    log_event(LOG_WARNING, MESSAGE_LIMIT_LOWERED, NULL,
              "limits.connections: lowered from %u to %u, because only %llu file descriptors per process are "
              "available (LimitNOFILE, ulimit -n)",
              conf->connections, *connections, (unsigned long long)limit);
    return 0;
}
