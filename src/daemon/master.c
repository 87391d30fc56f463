/* SPDX-License-Identifier: MIT */
#include "master.h"

#include "../common/util.h"
#include "limits.h"
#include "listener.h"
#include "log.h"
#include "notify.h"
#include "sanitizer.h"
#include "shared.h"
#include "slots.h"
#include "worker.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>

#define STOP_GRACE_NS (2 * NS_PER_S) /* past the drain, before workers are killed */
#define STATUS_NS     (5 * NS_PER_S) /* between refreshes of STATUS= */

struct master {
    const struct conf *conf;
    struct listener_set listeners;
    struct shared shared;
    struct slots slots;
    unsigned connections;
    int signal_fd;
    int lifeline[2]; /* workers read the first, whose end of file says that the master is gone */
    int announce_fd;
    struct pollfd *poll;
    bool ready;      /* every worker has been serving at once */
    bool stopping;
    int64_t kill_at; /* while stopping */
    int64_t status_at;
    char status[160];
};

/* All signals are blocked for good and read from a descriptor, so that the master sleeps without a race. */
static int open_signals(void)
{
    static const int wanted[] = {SIGTERM, SIGINT, SIGQUIT, SIGCHLD, SIGUSR1, SIGHUP};
    sigset_t all, set;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        sigaddset(&set, wanted[i]);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_descriptors(struct master *master)
{
    master->signal_fd = open_signals();
    master->announce_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (master->signal_fd < 0 || master->announce_fd < 0 || pipe2(master->lifeline, O_CLOEXEC) < 0)
        return -errno;
    return 0;
}

static int open_tables(struct master *master)
{
    const struct conf *conf = master->conf;
    int error = shared_open(&master->shared, conf->processes, conf->thread_count);

    if (error || (error = slots_open(&master->slots, conf->processes, monotonic_ns())))
        return error;
    master->poll = calloc(conf->processes + 1, sizeof(*master->poll));
    return master->poll ? 0 : -ENOMEM;
}

static int open_all(struct master *master)
{
    int error = open_descriptors(master);

    if (error || (error = open_tables(master))) {
        log_error("cannot start: %s", strerror(-error));
        return error;
    }
    error = listener_open(&master->listeners, master->conf);
    return error ? error : limits_apply(master->conf, master->listeners.count, &master->connections);
}

static void close_all(struct master *master)
{
    listener_close(&master->listeners);
    free(master->poll);
    slots_close(&master->slots);
    shared_close(&master->shared);
    close_fd(&master->lifeline[0]);
    close_fd(&master->lifeline[1]);
    close_fd(&master->announce_fd);
    close_fd(&master->signal_fd);
}

/* The child's side of the fork: what only the master may have is closed, above all the lifeline's writing end. */
static _Noreturn void become_worker(struct master *master, unsigned index, int ready_fd, pid_t master_pid)
{
    struct worker_settings settings = {.conf = master->conf,
                                       .listeners = &master->listeners,
                                       .shared = &master->shared,
                                       .slot = index,
                                       .connections = master->connections,
                                       .master = master_pid,
                                       .lifeline_fd = master->lifeline[0],
                                       .ready_fd = ready_fd,
                                       .announce_fd = master->announce_fd,
                                       .log_wake_fd = master->slots.table[index].log_wake_fd};

    close_fd(&master->signal_fd);
    close_fd(&master->lifeline[1]);
    for (unsigned i = 0; i < master->slots.count; i++)
        close_fd(&master->slots.table[i].ready_fd);
    _exit(worker_run(&settings));
}

static int fork_worker(struct master *master, unsigned index)
{
    pid_t master_pid = getpid(), pid;
    int ready[2];

    if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    pid = fork();
    if (pid < 0) {
        int error = -errno;

        close(ready[0]);
        close(ready[1]);
        return error;
    }
    if (pid == 0) {
        close(ready[0]);
        become_worker(master, index, ready[1], master_pid);
    }
    close(ready[1]);
    slot_started(&master->slots.table[index], pid, ready[0]);
    return 0;
}

static void start_due_workers(struct master *master, int64_t now)
{
    for (unsigned i = 0; i < master->slots.count && !master->stopping; i++) {
        struct slot *slot = &master->slots.table[i];
        int error;

        if (slot->pid || slot->start_at > now)
            continue;
        error = fork_worker(master, i);
        if (error)
            log_event(LOG_ERR, MESSAGE_WORKER_BACKOFF, LOG_FIELDS("SOCKGREET_REASON", strerror(-error)),
                      "cannot fork worker %u: %s; trying again in %.1f s", i, strerror(-error),
                      (double)slot_failed(slot, now) / NS_PER_S);
    }
}

/* The master's events are written by the logger of the first worker that serves, or directly where none does. */
static void choose_event_reader(struct master *master)
{
    struct ring ring = shared_master_events(&master->shared);

    for (unsigned i = 0; i < master->slots.count; i++)
        if (master->slots.table[i].ready) {
            struct shared_logger *logger = shared_logger(&master->shared, i);

            atomic_store(master->shared.event_reader, (int)i);
            log_use_ring(&ring, &logger->asleep, master->slots.table[i].log_wake_fd);
            log_wake(&logger->asleep, master->slots.table[i].log_wake_fd);
            return;
        }
    atomic_store(master->shared.event_reader, -1);
    log_flush();
    log_use_stderr();
}

static uint64_t count_served(const struct master *master)
{
    struct stats_totals totals = {0};

    shared_sum(&master->shared, &totals);
    return stats_served(&totals);
}

static void update_status(struct master *master, int64_t now)
{
    char status[sizeof(master->status)];
    unsigned ready = slots_ready(&master->slots);

    master->status_at = now + STATUS_NS;
    if (master->stopping)
        snprintf(status, sizeof(status), "Stopping: %u workers finish their clients", slots_alive(&master->slots));
    else
        snprintf(status, sizeof(status), "%u of %u workers serving %zu listeners, %" PRIu64 " clients served", ready,
                 master->slots.count, master->conf->listener_count, count_served(master));
    if (strcmp(status, master->status) == 0)
        return;
    snprintf(master->status, sizeof(master->status), "%s", status);
    if (master->ready)
        notify_status(status);
}

static void report_started(struct master *master)
{
    char where[ADDRESS_TEXT_MAX];

    if (!master->conf->file)
        log_notice("no configuration file: serving the built-in defaults, to this host only");
    for (size_t i = 0; i < master->listeners.count; i++) {
        const struct listener_socket *s = &master->listeners.sockets[i];

        if (i && s[-1].conf == s->conf && address_equal(&s[-1].address, &s->address))
            continue; /* another shard */
        address_text(&s->address, where, sizeof(where));
        log_info("Listening on %s (%s, %s)", where, s->conf->name, transport_name(s->conf->transport));
    }
    log_event(LOG_INFO, MESSAGE_STARTED, NULL, "Ready: %u workers of %u threads serve %zu listeners", master->slots.count,
              master->conf->thread_count, master->conf->listener_count);
}

static void worker_ready(struct master *master, int64_t now)
{
    choose_event_reader(master);
    if (master->ready || slots_ready(&master->slots) < master->slots.count)
        return;
    report_started(master);
    update_status(master, now);
    master->ready = true;
    notify_ready(master->status);
}

/* Says why a worker ended that was not asked to, and what comes next. */
static void report_death(struct slot *slot, unsigned index, pid_t pid, int64_t delay)
{
    char number[16], next[64] = "replaced at once";

    snprintf(number, sizeof(number), "%u", index);
    if (delay)
        snprintf(next, sizeof(next), "it did not last, next try in %.1f s", (double)delay / NS_PER_S);
    log_event(LOG_ERR, delay ? MESSAGE_WORKER_BACKOFF : MESSAGE_WORKER_DIED,
              LOG_FIELDS("SOCKGREET_WORKER", number, "SOCKGREET_REASON", slot->last_exit), "worker %u (pid %d) %s: %s",
              index, (int)pid, slot->last_exit, next);
}

static void worker_ended(struct master *master, struct slot *slot, int status, int64_t now)
{
    unsigned index = (unsigned)(slot - master->slots.table);
    pid_t pid = slot->pid;
    int64_t delay = slot_ended(slot, status, now);

    choose_event_reader(master);
    if (!master->stopping)
        report_death(slot, index, pid, delay);
    else if (status != 0)
        log_warning("worker %u (pid %d) %s while stopping", index, (int)pid, slot->last_exit);
    /* A client whose wake-up the dead worker took is accepted by the others now, not at their next heartbeat. */
    if (write(master->announce_fd, &(uint64_t){1}, sizeof(uint64_t)) < 0)
        log_warning("cannot announce the death of worker %u: %s", index, strerror(errno));
}

/* Every child is reaped, also those that a process 1 inherits. */
static void reap(struct master *master, int64_t now)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct slot *slot = slots_find(&master->slots, pid);

        if (slot)
            worker_ended(master, slot, status, now);
    }
}

static void signal_workers(struct master *master, int signal_number)
{
    for (unsigned i = 0; i < master->slots.count; i++)
        if (master->slots.table[i].pid)
            kill(master->slots.table[i].pid, signal_number);
}

/* The first request drains, the second ends the drain. */
static void stop(struct master *master, int signal_number, int64_t now)
{
    bool at_once = master->stopping || signal_number == SIGQUIT;

    if (!master->stopping) {
        master->stopping = true;
        master->kill_at = now + master->conf->drain_ns + STOP_GRACE_NS;
        log_event(LOG_INFO, MESSAGE_STOPPING, NULL, "Stopping on SIG%s: clients have up to %.1f s",
                  sigabbrev_np(signal_number), at_once ? 0.0 : (double)master->conf->drain_ns / NS_PER_S);
        update_status(master, now);
        notify_stopping(master->status);
    }
    if (at_once)
        master->kill_at = now + STOP_GRACE_NS;
    signal_workers(master, at_once ? SIGQUIT : SIGTERM);
}

static void log_counters(const struct master *master)
{
    struct stats_totals totals = {0};
    char text[512];

    shared_sum(&master->shared, &totals);
    stats_text(&totals, text, sizeof(text));
    log_event(LOG_NOTICE, MESSAGE_COUNTERS, NULL, "Counters: %s written=%" PRIu64, text, shared_written(&master->shared));
}

static void handle_signals(struct master *master, int64_t now)
{
    struct signalfd_siginfo info;

    while (read(master->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        switch ((int)info.ssi_signo) {
        case SIGTERM:
        case SIGINT:
        case SIGQUIT:
            stop(master, (int)info.ssi_signo, now);
            break;
        case SIGUSR1:
            log_counters(master);
            break;
        case SIGHUP:
            log_warning("SIGHUP ignored: restart the service to read a changed configuration");
            break;
        default: /* SIGCHLD: signals merge, so children are looked after every time anyway */
            break;
        }
    }
    reap(master, now);
}

static int poll_timeout(const struct master *master, int64_t now)
{
    int64_t next = master->stopping ? master->kill_at : slots_next_start(&master->slots);

    if (master->ready && notify_enabled() && master->status_at < next)
        next = master->status_at;
    if (next == SLOT_NEVER)
        return -1;
    return next <= now ? 0 : (int)((next - now) / NS_PER_MS) + 1;
}

static void wait_for_events(struct master *master)
{
    for (unsigned i = 0; i < master->slots.count; i++)
        master->poll[i] = (struct pollfd){.fd = master->slots.table[i].ready_fd, .events = POLLIN};
    master->poll[master->slots.count] = (struct pollfd){.fd = master->signal_fd, .events = POLLIN};
    poll(master->poll, master->slots.count + 1, poll_timeout(master, monotonic_ns()));
}

static void turn(struct master *master)
{
    int64_t now = monotonic_ns();

    for (unsigned i = 0; i < master->slots.count; i++)
        if (master->poll[i].revents && slot_read_ready(&master->slots.table[i], now))
            worker_ready(master, now);
    handle_signals(master, now);
    start_due_workers(master, now);
    if (master->ready && now >= master->status_at && notify_enabled())
        update_status(master, now);
    if (master->stopping && now >= master->kill_at) {
        log_warning("workers did not end in time and are killed");
        signal_workers(master, SIGKILL);
        master->kill_at = now + STOP_GRACE_NS;
    }
}

static void supervise(struct master *master)
{
    start_due_workers(master, monotonic_ns());
    while (!master->stopping || slots_alive(&master->slots) > 0) {
        wait_for_events(master);
        turn(master);
    }
}

int master_run(const struct conf *conf)
{
    struct master master = {.conf = conf, .signal_fd = -1, .lifeline = {-1, -1}, .announce_fd = -1};
    int error = open_all(&master);

    if (error == 0) {
        supervise(&master);
        log_counters(&master);
        log_event(LOG_INFO, MESSAGE_STOPPED, NULL, "Stopped: %" PRIu64 " clients served", count_served(&master));
    }
    close_all(&master);
    return error ? EX_OSERR : 0;
}
