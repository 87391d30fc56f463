/* SPDX-License-Identifier: MIT */
#include "master/generation.h"

#include "base/deadlines.h"
#include "base/util.h"
#include "guard/guard.h"
#include "log/log.h"
#include "net/binding.h"
#include "system/descriptors.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* What workers need besides sockets. */
static int open_memory(struct generation *generation, struct shared_service *service, unsigned workers)
{
    const struct conf *conf = generation->conf;
    const struct shared_room room = {.workers = workers,
                                     .threads = conf->thread_count,
                                     .listeners = conf->listener_count,
                                     .sockets = generation->sockets.count,
                                     .held_cells = guard_held_cells(conf)};
    int error = shared_open(&generation->shared, service, &room);

    if (error)
        return error;
    generation->rows = calloc(conf->listener_count, sizeof(*generation->rows));
    return generation->rows ? slots_open(&generation->slots, workers, monotonic_ns()) : -ENOMEM;
}

static int open_all(struct generation *generation, struct shared_service *service, struct registry *registry,
                    struct message *reason)
{
    const struct conf *conf = generation->conf;
    int error = binding_open(&generation->sockets, registry, conf, reason);

    if (error)
        return error; /* logged */
    if ((error = open_memory(generation, service, conf->processes))) {
        if (message_change(reason, "cannot start %u workers (%s)", conf->processes, strerror(-error)))
            log_error("%s", reason->text);
        return error;
    }
    if ((error = descriptors_apply(conf, generation->sockets.count, registry->count, reason,
                                   &generation->connections)))
        return error; /* logged */
    return binding_listen(&generation->sockets, conf, reason);
}

struct generation *generation_new(unsigned number, const struct conf *conf, struct shared_service *service,
                                  struct registry *registry, struct message *reason)
{
    struct generation *generation = calloc(1, sizeof(*generation));

    if (!generation) {
        log_error("cannot start generation %u: %s", number, strerror(errno));
        return NULL;
    }
    generation->number = number;
    generation->opened_at = monotonic_ns();
    generation->conf = conf;
    if (open_all(generation, service, registry, reason) == 0)
        return generation;
    generation->conf = NULL; /* the caller keeps it */
    generation_free(generation, false);
    return NULL;
}

struct generation *generation_new_leftover(const struct generation *serving, struct shared_service *service,
                                           int64_t now)
{
    struct generation *generation = calloc(1, sizeof(*generation));
    int error;

    if (!generation)
        return NULL;
    conf_hold(serving->conf);
    generation->opened_at = now;
    generation->conf = serving->conf;
    generation->connections = serving->connections;
    binding_open_leftover(&generation->sockets, &serving->sockets);
    error = generation->sockets.count ? open_memory(generation, service, 1) : -ENOENT;
    if (error) {
        generation_free(generation, false);
        return NULL;
    }
    for (size_t i = 0; i < generation->sockets.count; i++)
        atomic_store(&generation->shared.retired[i], true);
    generation->served = true; /* by the workers before the restart */
    generation_drain(generation, SIGUSR1, SLOT_NEVER, now);
    return generation;
}

void generation_free(struct generation *generation, bool keep)
{
    if (!generation)
        return;
    sockets_close(&generation->sockets, keep);
    slots_close(&generation->slots);
    shared_close(&generation->shared);
    conf_free(generation->conf);
    free(generation->rows);
    free(generation);
}

void generation_forget(struct generation *generation)
{
    shared_close(&generation->shared);
    conf_free(generation->conf);
}

static int compare_ints(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Closes every descriptor from 3 on that is not in the list. Sorts the list. */
static void close_all_but(int *kept, size_t count)
{
    unsigned next = STDERR_FILENO + 1;

    qsort(kept, count, sizeof(*kept), compare_ints);
    for (size_t i = 0; i < count; i++) {
        if ((unsigned)kept[i] > next)
            close_range(next, (unsigned)kept[i] - 1, 0);
        next = (unsigned)kept[i] + 1;
    }
    close_range(next, ~0u, 0);
}

/* A worker keeps only the descriptors that it needs: in particular not the write end of the lifeline, and not
 * the sockets of other generations, which would then stay open as long as the worker runs. */
static void keep_own_descriptors(const struct generation *generation, const struct worker_settings *settings)
{
    size_t count = 0;
    int *kept = calloc(generation->sockets.count + 5, sizeof(*kept));

    if (!kept)
        _exit(EX_OSERR);
    kept[count++] = settings->lifeline_fd;
    kept[count++] = settings->ready_fd;
    kept[count++] = settings->announce_fd;
    kept[count++] = settings->attention_fd;
    kept[count++] = settings->log_wake_fd;
    for (size_t i = 0; i < generation->sockets.count; i++)
        kept[count++] = generation->sockets.members[i].socket->fd;
    close_all_but(kept, count);
    free(kept);
}

/* The child of the fork. */
static _Noreturn void become_worker(struct generation *generation, const struct inheritance *inheritance,
                                    unsigned index, pid_t master)
{
    struct worker_settings settings = {.conf = generation->conf,
                                       .sockets = &generation->sockets,
                                       .shared = &generation->shared,
                                       .generation = generation->number,
                                       .slot = index,
                                       .connections = generation->connections,
                                       .master = master,
                                       .lifeline_fd = inheritance->lifeline[0],
                                       .ready_fd = inheritance->ready[1],
                                       .announce_fd = inheritance->announce_fd,
                                       .attention_fd = inheritance->attention_fd,
                                       .log_wake_fd = generation->slots.table[index].log_wake_fd};

    inheritance->forget(inheritance->context, generation);
    if (shared_keep_own(&generation->shared, index) < 0)
        _exit(EX_OSERR);
    keep_own_descriptors(generation, &settings);
    _exit(worker_run(&settings));
}

static int fork_worker(struct generation *generation, const struct inheritance *inheritance, unsigned index,
                       int64_t now)
{
    struct slot *slot = &generation->slots.table[index];
    pid_t master = getpid(), pid = child_fork(inheritance->children, &slot->child);

    if (pid == 0)
        become_worker(generation, inheritance, index, master);
    if (pid < 0)
        return -errno;
    slot_started(slot, now);
    return 0;
}

void generation_start_due(struct generation *generation, const struct inheritance *inheritance, int64_t now)
{
    for (unsigned i = 0; i < generation->slots.count; i++) {
        struct slot *slot = &generation->slots.table[i];
        int error;

        if (slot->child.pid || slot->start_at > now)
            continue;
        error = fork_worker(generation, inheritance, i, now);
        if (error == 0)
            continue;
        snprintf(generation->last_failure, sizeof(generation->last_failure), "cannot fork worker %u: %s", i,
                 strerror(-error));
        log_event(LOG_ERR, MESSAGE_WORKER_BACKOFF, LOG_FIELDS("SOCKGREET_REASON", strerror(-error)),
                  "%s; trying again in %.1f s", generation->last_failure,
                  (double)slot_failed(slot, now) / NS_PER_S);
    }
}

/* The only failure to start that a worker reports to the master itself. */
static void add_refusal(const struct generation *generation, char *text, size_t size)
{
    size_t length = strlen(text);
    struct message message;

    if (generation->conf->sandbox != CONF_SANDBOX_STRICT || generation->sandbox.kind == SANDBOX_UNKNOWN ||
        sandbox_is_whole(&generation->sandbox))
        return;
    sandbox_describe(&generation->sandbox, &message);
    snprintf(text + length, size - length, "; sandbox = \"strict\" cannot be met: %s", message.text);
}

static void report_death(struct generation *generation, const struct slot *slot, pid_t pid, int64_t delay)
{
    unsigned index = (unsigned)(slot - generation->slots.table);
    char number[16], next[64] = "replaced at once";

    snprintf(number, sizeof(number), "%u", index);
    snprintf(generation->last_failure, sizeof(generation->last_failure), "worker %u (pid %d) %s", index,
             (int)pid, slot->last_exit);
    add_refusal(generation, generation->last_failure, sizeof(generation->last_failure));
    if (delay)
        snprintf(next, sizeof(next), "it ended too soon; trying again in %.1f s", (double)delay / NS_PER_S);
    log_event(LOG_ERR, delay ? MESSAGE_WORKER_BACKOFF : MESSAGE_WORKER_DIED,
              LOG_FIELDS("SOCKGREET_WORKER", number, "SOCKGREET_REASON", slot->last_exit), "%s: %s",
              generation->last_failure, next);
}

static void reap(struct generation *generation, struct slot *slot, pid_t pid, int status, int64_t now)
{
    bool was_ready = slot->ready;
    int64_t delay = slot_ended(slot, status, now);

    if (generation->state == GENERATION_DRAINING &&
        (status == 0 || !generation->served || now >= generation->kill_at - DEADLINE_KILL)) {
        slot->start_at = SLOT_NEVER;
        return;
    }
    /* Also while it drains: clients may be queued at a socket that no other generation serves. */
    generation->start_failed |= !was_ready;
    report_death(generation, slot, pid, delay);
}

unsigned generation_reap(struct generation *generation, int64_t now)
{
    unsigned count = 0;

    for (unsigned i = 0; i < generation->slots.count; i++) {
        struct slot *slot = &generation->slots.table[i];
        pid_t pid = slot->child.pid;
        int status;

        if (!child_take_end(&slot->child, &status))
            continue;
        reap(generation, slot, pid, status, now);
        count++;
    }
    return count;
}

void generation_worker_reports(struct generation *generation, struct slot *slot,
                               const struct worker_report *report, int64_t now)
{
    generation->sandbox = report->sandbox;
    if (!report->serves)
        return;
    slot_is_ready(slot, now);
    generation->served = true;
    if (generation->state == GENERATION_DRAINING) /* a successor, or a worker that was late */
        kill(slot->child.pid, generation->drain_signal);
}

/* Sends every worker a signal. */
static void signal_workers(const struct generation *generation, int signal_number)
{
    for (unsigned i = 0; i < generation->slots.count; i++) {
        const struct child *child = &generation->slots.table[i].child;

        if (child->pid && !child->ended)
            kill(child->pid, signal_number);
    }
}

void generation_drain(struct generation *generation, int signal_number, int64_t latest, int64_t now)
{
    int64_t end = now + generation->conf->drain_ns;

    if (latest < end)
        end = latest < now ? now : latest;
    generation->state = GENERATION_DRAINING;
    if (!generation->served) { /* so it has no clients to wait for */
        generation_hurry(generation, SIGUSR2, now);
        return;
    }
    generation->drain_signal = signal_number;
    generation->kill_at = end + DEADLINE_KILL;
    atomic_store(generation->shared.drain_end, end);
    signal_workers(generation, signal_number);
}

void generation_hurry(struct generation *generation, int signal_number, int64_t now)
{
    generation->drain_signal = signal_number;
    generation->kill_at = now + DEADLINE_KILL;
    for (unsigned i = 0; i < generation->slots.count; i++)
        if (!generation->slots.table[i].child.pid)
            generation->slots.table[i].start_at = SLOT_NEVER;
    signal_workers(generation, signal_number);
}

bool generation_cannot_start(const struct generation *generation)
{
    for (unsigned i = 0; i < generation->slots.count; i++)
        if (generation->slots.table[i].failures < START_TRIES)
            return false;
    return !generation->served;
}

bool generation_is_over(const struct generation *generation)
{
    return generation->state == GENERATION_DRAINING && slots_alive(&generation->slots) == 0 &&
           slots_next_start(&generation->slots) == SLOT_NEVER;
}

bool generation_is_accepting(const struct generation *generation)
{
    for (unsigned i = 0; i < generation->slots.count; i++)
        for (unsigned t = 0; generation->slots.table[i].child.pid && t < generation->shared.threads; t++)
            if (atomic_load(&shared_thread(&generation->shared, i, t)->accepting))
                return true;
    return false;
}

/* Whether no worker has the sockets, or will have them. */
static bool has_left_sockets(const struct generation *generation)
{
    for (unsigned i = 0; i < generation->slots.count; i++) {
        if (!generation->slots.table[i].child.pid && generation->slots.table[i].start_at != SLOT_NEVER)
            return false;
        for (unsigned t = 0; generation->slots.table[i].child.pid && t < generation->shared.threads; t++)
            if (!atomic_load(&shared_thread(&generation->shared, i, t)->closed))
                return false;
    }
    return true;
}

void generation_release_sockets(struct generation *generation, bool keep)
{
    if (generation->state == GENERATION_DRAINING && has_left_sockets(generation))
        sockets_close(&generation->sockets, keep);
}

/* When the first of a worker's threads will have had no heartbeat for as long as supervision allows. */
static int64_t silent_at(const struct generation *generation, unsigned index)
{
    int64_t allowed = generation->conf->heartbeat_ns * generation->conf->stuck_after, first = SLOT_NEVER;
    int64_t ready_at = generation->slots.table[index].ready_at;

    for (unsigned i = 0; allowed && i < generation->shared.threads; i++) {
        int64_t beat = atomic_load(&shared_thread(&generation->shared, index, i)->beat_at);

        /* From its predecessor, not started, or forged: workers can write each other's. */
        if (beat < ready_at || beat > monotonic_ns())
            beat = ready_at;
        if (beat + allowed < first)
            first = beat + allowed;
    }
    return first;
}

/* When a worker will count as stuck. */
static int64_t stuck_at(const struct generation *generation, unsigned index)
{
    const struct slot *slot = &generation->slots.table[index];

    if (!slot->child.pid)
        return SLOT_NEVER;
    return slot->ready ? silent_at(generation, index) : slot->started_at + DEADLINE_WORKER_READY;
}

bool generation_is_alive(const struct generation *generation, int64_t now)
{
    for (unsigned i = 0; i < generation->slots.count; i++)
        if (generation->slots.table[i].ready && stuck_at(generation, i) > now)
            return true;
    return false;
}

/* If the whole machine was suspended, all heartbeats are late: a worker that looks stuck is checked again a
 * quarter of a heartbeat later. The first check is that much early, so the worker is still replaced in time.
 */
static int64_t check_worker(struct generation *generation, unsigned index, int64_t now)
{
    struct slot *slot = &generation->slots.table[index];
    int64_t margin = generation->conf->heartbeat_ns / 4, at = stuck_at(generation, index);

    if (at == SLOT_NEVER || slot->killed_stuck)
        return SLOT_NEVER;
    if (now < at - margin) {
        slot->suspect_since = 0;
        return at - margin;
    }
    if (slot->suspect_since == 0)
        slot->suspect_since = now;
    if (now < slot->suspect_since + margin)
        return slot->suspect_since + margin;
    log_event(LOG_ERR, MESSAGE_WORKER_DIED, NULL, "worker %u (pid %d) %s: killed", index,
              (int)slot->child.pid, slot->ready ? "makes no progress" : "was not ready in time");
    slot->killed_stuck = true;
    kill(slot->child.pid, SIGKILL);
    return SLOT_NEVER;
}

static int64_t check_drain(struct generation *generation, int64_t now)
{
    int64_t start;

    if (generation_is_over(generation))
        return SLOT_NEVER;
    if (now >= generation->kill_at) {
        log_warning("workers of generation %u did not end in time and are killed", generation->number);
        generation_hurry(generation, SIGKILL, now);
    }
    start = slots_next_start(&generation->slots);
    return start < generation->kill_at ? start : generation->kill_at;
}

int64_t generation_check(struct generation *generation, int64_t now)
{
    int64_t next = slots_next_start(&generation->slots);

    if (generation->state == GENERATION_DRAINING)
        return check_drain(generation, now);
    for (unsigned i = 0; i < generation->slots.count; i++) {
        int64_t at = check_worker(generation, i, now);

        next = at < next ? at : next;
    }
    return next;
}
