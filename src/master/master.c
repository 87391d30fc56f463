/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "log/log.h"
#include "master/master_internal.h"
#include "master/signals.h"
#include "net/store.h"
#include "system/notify.h"
#include "system/runtime.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>

#define LISTENERS_NAMED 32
#define LOOK_SOCKETS_NS (100 * NS_PER_MS) /* at the least between two such looks */

struct generation *master_generation(const struct master *master, unsigned i)
{
    return i == 0 ? master->serving : i == 1 ? master->starting : master->draining[i - 2];
}

/* In a worker just forked. */
static void close_inherited(void *context)
{
    struct master *master = context;

    close_fd(&master->signal_fd);
    close_fd(&master->upgrade.ready_fd);
    close_fd(&master->replaced_fd);
    loader_forget(master->reload.loader);
    FOR_EACH_GENERATION (master, generation)
        generation_close_pipes(generation);
}

static int open_all(struct master *master)
{
    master->nursery.close_inherited = close_inherited;
    master->nursery.context = master;
    master->signal_fd = signals_open();
    master->nursery.announce_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    master->nursery.attention_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (master->signal_fd < 0 || master->nursery.announce_fd < 0 || master->nursery.attention_fd < 0 ||
        pipe2(master->nursery.lifeline, O_CLOEXEC) < 0)
        return -errno;
    master->service = shared_service_open();
    return master->service ? 0 : -errno;
}

static void close_all(struct master *master)
{
    bool keep = master->upgrade.done || notify_enabled(); /* somebody else has the sockets, too */

    reload_close(master);
    upgrade_close(master);
    FOR_EACH_GENERATION (master, generation)
        generation_free(generation, keep);
    registry_close(master->registry);
    shared_service_close(master->service);
    close_fd(&master->nursery.lifeline[0]);
    close_fd(&master->nursery.lifeline[1]);
    close_fd(&master->nursery.announce_fd);
    close_fd(&master->nursery.attention_fd);
    close_fd(&master->replaced_fd);
    close_fd(&master->signal_fd);
}

/* The master's events are written by the logger of the first worker that serves, or directly where none does.
 */
static void choose_event_reader(struct master *master)
{
    struct ring ring = shared_master_events(master->service);

    FOR_EACH_GENERATION (master, generation)
        for (unsigned i = 0; i < generation->slots.count; i++) {
            const struct slot *slot = &generation->slots.table[i];
            struct shared_logger *logger = shared_logger(&generation->shared, i);

            if (!slot->ready)
                continue;
            atomic_store(&master->service->event_reader, slot->pid);
            log_use_ring(&ring, &logger->asleep, slot->log_wake_fd);
            log_wake(&logger->asleep, slot->log_wake_fd);
            return;
        }
    atomic_store(&master->service->event_reader, 0);
    log_flush();
    log_use_stderr();
}

/* One entry for each endpoint while they are few: more than the ring of events holds would push others out.
 */
static void report_listeners(const struct generation *generation)
{
    char where[ADDRESS_TEXT_MAX];

    if (!generation->conf->file)
        log_notice("no configuration file: serving the built-in defaults, to this host only");
    if (generation->conf->listener_count > LISTENERS_NAMED) {
        log_info("Listening on %zu sockets", generation->sockets.count);
        return;
    }
    for (size_t i = 0; i < generation->sockets.count; i++) {
        const struct sockets_member *m = &generation->sockets.members[i];

        if (i && m[-1].conf == m->conf && address_equal(&m[-1].socket->address, &m->socket->address))
            continue; /* another shard */
        address_text(&m->socket->address, where, sizeof(where));
        log_info("Listening on %s (%s, %s)", where, m->conf->name, transport_name(m->conf->transport));
    }
}

static void write_pid(void)
{
    char directory[512];
    pid_t other = runtime_other_owner();
    int error = runtime_write_pid();

    if (other && protocol_directory(directory, sizeof(directory)))
        log_warning("%s belongs to another sockgreetd (pid %d): nothing is written there, and sockgreetctl "
                    "finds this one by --pid=%d only",
                    directory, (int)other, (int)getpid());
    if (error && protocol_directory(directory, sizeof(directory)))
        log_warning("cannot write to %s: %s; sockgreetctl will not find this process", directory,
                    strerror(-error));
}

/* systemd takes thousands of sockets in slowly, since it compares each with all it has; it is not waited for.
 */
static int64_t store_sockets(struct master *master, int64_t now)
{
    if (!master->serving || master->stop != STOP_NO)
        return SLOT_NEVER;
    if (now >= master->store_at) {
        int64_t pause = store_some(&master->serving->sockets);

        master->store_at = pause < 0 ? SLOT_NEVER : now + pause;
    }
    return master->store_at;
}

static void first_ready(struct master *master, int64_t now)
{
    const struct generation *generation = master->serving;

    report_listeners(generation);
    log_event(LOG_INFO, MESSAGE_STARTED, NULL, "Ready: %u workers of %u threads serve %zu listeners",
              generation->slots.count, generation->conf->thread_count, generation->conf->listener_count);
    store_sockets(master, now); /* the first of them before READY=1: systemctl returns with it */
    status_ready(master, now);
    write_pid();
    upgrade_report_ready(master);
    start_settle(master, now);
}

static void workers_ready(struct master *master, int64_t now)
{
    bool first = !master->serving;

    choose_event_reader(master);
    master->status_at = now;
    if (!master->starting || slots_ready(&master->starting->slots) < master->starting->slots.count)
        return;
    reload_promote(master, now);
    if (first)
        first_ready(master, now);
}

/* A client whose wake-up a dead worker took is accepted by the others now, not at their next heartbeat. */
static void announce(const struct master *master)
{
    if (write(master->nursery.announce_fd, &(uint64_t){1}, sizeof(uint64_t)) < 0)
        log_warning("cannot tell the workers to look at their sockets: %s", strerror(errno));
}

/* Whether somebody else has the sockets that this process closes: the manager's store, or a new process. */
static bool keeps_sockets(const struct master *master)
{
    return master->upgrade.done || (master->stop != STOP_NO && notify_enabled());
}

/* A worker found that a listening socket listens no more, which any process that has it can have brought
 * about; or it has left its sockets. */
static void look_at_sockets(struct master *master, int64_t now)
{
    uint64_t count;

    if (now < master->look_at_sockets_at ||
        read(master->nursery.attention_fd, &count, sizeof(count)) != sizeof(count))
        return;
    master->look_at_sockets_at = now + LOOK_SOCKETS_NS;
    if (master->serving && sockets_listen_again(&master->serving->sockets))
        announce(master);
    for (unsigned i = 0; i < master->draining_count; i++)
        generation_release_sockets(master->draining[i], keeps_sockets(master));
}

/* With its port open and no worker a service looks healthy from outside, and clients hang. */
static void give_up(struct master *master, int64_t now)
{
    log_error("No worker can start, after %d tries each: %s", START_TRIES, master->last_failure);
    master->failed = true;
    master_drain_everything(master, now);
}

static void worker_ended(struct master *master, struct generation *generation, struct slot *slot, int status,
                         int64_t now)
{
    bool was_ready = slot->ready;

    generation_worker_ended(generation, slot, status, now);
    choose_event_reader(master);
    announce(master);
    if (generation->last_failure[0] == '\0')
        return;
    snprintf(master->last_failure, sizeof(master->last_failure), "%s", generation->last_failure);
    if (generation == master->starting && !was_ready)
        reload_worker_failed(master, now);
    if (generation == master->starting && !master->serving && generation_cannot_start(generation))
        give_up(master, now);
    master->status_at = now;
}

static bool reap_worker(struct master *master, pid_t pid, int status, int64_t now)
{
    FOR_EACH_GENERATION (master, generation) {
        struct slot *slot = slots_find(&generation->slots, pid);

        if (slot) {
            worker_ended(master, generation, slot, status, now);
            return true;
        }
    }
    return false;
}

/* Workers, and whom a process 1 inherits. The loader and a new binary are waited for by whoever started them.
 */
static void reap(struct master *master, int64_t now)
{
    siginfo_t info = {0};
    int status;

    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
        if (info.si_pid == reload_pid(master) ||
            (info.si_pid == master->upgrade.pid && !master->upgrade.done))
            return; /* seen to in this very turn, and the rest in the next */
        if (waitpid(info.si_pid, &status, WNOHANG) == info.si_pid)
            reap_worker(master, info.si_pid, status, now);
        info.si_pid = 0;
    }
}

static void retire(struct master *master, unsigned i)
{
    struct generation *generation = master->draining[i];

    status_retire(master, generation);
    generation_free(generation, keeps_sockets(master));
    master->draining[i] = master->draining[--master->draining_count];
    master->draining[master->draining_count] = NULL;
}

static void retire_drained(struct master *master)
{
    for (unsigned i = master->draining_count; i-- > 0;)
        if (generation_is_over(master->draining[i]))
            retire(master, i);
}

static void handle_signal(struct master *master, const struct signalfd_siginfo *info, int64_t now)
{
    int number = (int)info->ssi_signo;

    if (number == SIGRTMIN) {
        reload_request(master, (uint32_t)info->ssi_int);
        return;
    }
    switch (number) {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:
        master_stop(master, number, now);
        break;
    case SIGHUP:
        if (master->has_terminal &&
            !signals_has_terminal()) /* it was closed, which is the end of what it started */
            master_stop(master, SIGTERM, now);
        else
            reload_request(master, 0);
        break;
    case SIGUSR1:
        status_log_counters(master);
        break;
    case SIGUSR2:
        upgrade_start(master, now);
        break;
    default: /* SIGCHLD: signals merge, so children are looked after every time anyway */
        break;
    }
}

static void handle_signals(struct master *master, int64_t now)
{
    struct signalfd_siginfo info;

    while (read(master->signal_fd, &info, sizeof(info)) == sizeof(info))
        handle_signal(master, &info, now);
}

static void read_ready(struct master *master, int64_t now)
{
    bool any = false;

    FOR_EACH_GENERATION (master, generation)
        any |= generation_read_ready(generation, now);
    if (any)
        workers_ready(master, now);
}

static int64_t feed_watchdog(struct master *master, int64_t now)
{
    int64_t interval = notify_watchdog_interval();
    const struct generation *generation = master->serving;

    if (interval == 0)
        return SLOT_NEVER;
    if (now >= master->watchdog_at) {
        master->watchdog_at = now + interval;
        if (!generation || master->stop != STOP_NO || generation_is_alive(generation, now))
            notify_watchdog();
    }
    return master->watchdog_at;
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Everything that is due now, and when something will be again. */
static int64_t turn(struct master *master, int64_t now)
{
    int64_t next = SLOT_NEVER;

    read_ready(master, now);
    handle_signals(master, now);
    look_at_sockets(master, now);
    reload_step(master, now);
    upgrade_step(master, now);
    reap(master, now);
    retire_drained(master);
    reload_step(master, now); /* one may have waited for a generation to drain */
    if (master->stop == STOP_DELAY && now >= master->drain_at)
        master_drain_everything(master, now);
    FOR_EACH_GENERATION (master, generation) {
        generation_start_due(generation, &master->nursery, now);
        next = earliest(next, generation_check(generation, now));
    }
    if (now >= master->status_at && (master->serving || master->stop == STOP_DRAIN))
        status_update(master, now);
    next = earliest(next, feed_watchdog(master, now));
    next = earliest(next, store_sockets(master, now));
    if (now < master->look_at_sockets_at)
        next = earliest(next, master->look_at_sockets_at);
    next = earliest(next, reload_next(master, now));
    if (master->serving)
        next = earliest(next, master->status_at);
    if (master->upgrade.pid && !master->upgrade.done)
        next = earliest(next, master->upgrade.deadline);
    return master->stop == STOP_DELAY ? earliest(next, master->drain_at) : next;
}

static unsigned count_slots(const struct master *master)
{
    unsigned count = 0;

    FOR_EACH_GENERATION (master, generation)
        count += generation->slots.count;
    return count;
}

/* Sleeps until a signal, a worker's word, the loader's or a new binary's news, or the time next. */
static void wait_for_events(struct master *master, int64_t next)
{
    unsigned count = 0, room = count_slots(master) + 4;
    struct pollfd *fds = calloc(room, sizeof(*fds));
    int64_t wait = next - monotonic_ns();
    bool may_look = monotonic_ns() >= master->look_at_sockets_at;
    int timeout = next == SLOT_NEVER ? -1 : wait <= 0 ? 0 : (int)(wait / NS_PER_MS) + 1;

    if (!fds) { /* without memory for the list, look at everything often */
        poll(NULL, 0, 50);
        return;
    }
    fds[count++] = (struct pollfd){.fd = master->signal_fd, .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = reload_fd(master), .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = master->upgrade.ready_fd, .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = may_look ? master->nursery.attention_fd : -1, .events = POLLIN};
    FOR_EACH_GENERATION (master, generation)
        for (unsigned i = 0; i < generation->slots.count; i++)
            fds[count++] = (struct pollfd){.fd = generation->slots.table[i].ready_fd, .events = POLLIN};
    poll(fds, count, timeout);
    free(fds);
}

static bool is_over(const struct master *master)
{
    return master->stop == STOP_DRAIN && master->draining_count == 0;
}

static void supervise(struct master *master)
{
    while (!is_over(master)) {
        int64_t next = turn(master, monotonic_ns());

        if (!is_over(master))
            wait_for_events(master, next);
    }
}

static void report_end(const struct master *master)
{
    struct stats_totals totals;
    uint64_t written;

    log_flush();
    log_use_stderr();
    status_log_counters(master);
    status_totals(master, &totals, &written);
    log_event(LOG_INFO, MESSAGE_STOPPED, NULL, "Stopped: %" PRIu64 " clients served", stats_served(&totals));
    if (!master->upgrade.done) {
        runtime_remove_pid();
        runtime_remove(PROTOCOL_STATUS);
    }
}

/* Returns an exit status. */
static int start(struct master *master)
{
    int error = open_all(master);

    if (error) {
        log_error("cannot start: %s", strerror(-error));
        return EX_OSERR;
    }
    runtime_open();
    master->has_terminal = !master->settings->ignores_hangup && signals_has_terminal();
    master->last_number = 1;
    return start_first(master);
}

int master_replaced_fd(void)
{
    return upgrade_inherited_fd();
}

int master_run(const struct master_settings *settings)
{
    struct master master = {.settings = settings,
                            .registry = settings->registry,
                            .replaced_fd = settings->replaced_fd,
                            .signal_fd = -1,
                            .nursery = {.lifeline = {-1, -1}, .announce_fd = -1, .attention_fd = -1},
                            .upgrade = {.ready_fd = -1}};
    int status = start(&master);

    if (status == 0 && master.starting) {
        supervise(&master);
        report_end(&master);
    }
    close_all(&master);
    return master.failed ? EX_OSERR : status;
}
