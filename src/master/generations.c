/* SPDX-License-Identifier: MIT */
#include "master/generations.h"

#include "base/deadlines.h"
#include "base/util.h"
#include "log/log.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#define LOOK_SOCKETS_NS (100 * NS_PER_MS) /* at least, between two checks of the sockets */

int generations_open(struct generations *generations, struct registry *registry, struct children *children,
                     struct failure *failure)
{
    struct inheritance *inheritance = &generations->inheritance;

    generations->registry = registry;
    generations->failure = failure;
    generations->state = STATE_DEFAULT;
    inheritance->children = children;
    inheritance->announce_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    inheritance->attention_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (inheritance->announce_fd < 0 || inheritance->attention_fd < 0 ||
        pipe2(inheritance->lifeline, O_CLOEXEC) < 0 || pipe2(inheritance->ready, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    generations->service = shared_service_open();
    if (!generations->service)
        return -errno;
    log_share(&generations->service->failures);
    return ledger_open(&generations->accounts.ledger);
}

void generations_close(struct generations *generations, bool keep)
{
    struct inheritance *inheritance = &generations->inheritance;

    for (unsigned i = 0; i < generations->count; i++)
        generation_free(generations->all[i], keep);
    generations->count = 0;
    log_share(NULL);
    shared_service_close(generations->service);
    ledger_close(&generations->accounts.ledger);
    close_fd(&inheritance->lifeline[0]);
    close_fd(&inheritance->lifeline[1]);
    close_fd(&inheritance->ready[0]);
    close_fd(&inheritance->ready[1]);
    close_fd(&inheritance->announce_fd);
    close_fd(&inheritance->attention_fd);
}

void generations_forget(struct generations *generations, const struct generation *own)
{
    for (unsigned i = 0; i < generations->count; i++)
        if (generations->all[i] != own)
            generation_forget(generations->all[i]);
}

/* --- Starting and ending --- */

static void add(struct generations *generations, struct generation *generation)
{
    notice_post(generation->shared.notice, &generations->state);
    generations->all[generations->count++] = generation;
    ledger_join(&generations->accounts.ledger, generation->conf, generation->rows);
}

bool generations_prepare(struct generations *generations, const struct conf *conf, struct message *reason)
{
    struct generation *generation = generation_new(generations->last_number + 1, conf, generations->service,
                                                   generations->registry, reason);

    if (!generation)
        return false;
    generations->last_number++;
    generations->starting = generation;
    add(generations, generation);
    generations->changes++;
    return true;
}

void generations_tell(struct generations *generations, const struct state *state)
{
    generations->state = *state;
    generations->changes++;
    for (unsigned i = 0; i < generations->count; i++)
        notice_post(generations->all[i]->shared.notice, state);
}

bool generations_next_is_ready(const struct generations *generations)
{
    const struct generation *next = generations->starting;

    return next && slots_ready(&next->slots) == next->slots.count;
}

/* The generation drains, and the sockets that only it has are closed to new clients. */
static void replace(struct generations *generations, struct generation *generation, int64_t now)
{
    sockets_retire(&generation->sockets, &generations->serving->sockets, generation->shared.retired);
    generation_drain(generation, SIGUSR1, SLOT_NEVER, now);
}

int generations_promote(struct generations *generations, int64_t now)
{
    struct generation *old = generations->serving, *new = generations->starting;
    int error = sockets_publish(&new->sockets);

    if (error && old)
        return error;
    new->state = GENERATION_SERVING;
    new->promoted_at = now;
    generations->serving = new;
    generations->starting = NULL;
    generations->changes++;
    sockets_apply_conf(&new->sockets);
    if (old)
        replace(generations, old, now);
    return 0;
}

void generations_abandon(struct generations *generations, int64_t now)
{
    struct generation *generation = generations->starting;

    generations->starting = NULL;
    generations->changes++;
    replace(generations, generation, now);
}

void generations_serve_leftover(struct generations *generations, int64_t now)
{
    struct generation *leftover = generation_new_leftover(generations->serving, generations->service, now);

    if (!leftover)
        return;
    add(generations, leftover);
    generations->changes++;
}

bool generations_is_accepting(const struct generations *generations, unsigned number)
{
    for (unsigned i = 0; i < generations->count; i++)
        if (generations->all[i]->number == number)
            return generation_is_accepting(generations->all[i]);
    return false;
}

unsigned generations_draining(const struct generations *generations)
{
    unsigned count = 0;

    for (unsigned i = 0; i < generations->count; i++)
        count += generations->all[i]->state == GENERATION_DRAINING;
    return count;
}

void generations_drain_all(struct generations *generations, int signal_number, bool keep, int64_t end,
                           int64_t now)
{
    generations->keep_sockets = keep;
    generations->serving = generations->starting = NULL;
    generations->changes++;
    for (unsigned i = 0; i < generations->count; i++)
        if (generations->all[i]->state != GENERATION_DRAINING)
            generation_drain(generations->all[i], signal_number, end, now);
        else if (now >= end)
            generation_hurry(generations->all[i], SIGUSR2, now);
}

void generations_hurry(struct generations *generations, int signal_number, int64_t now)
{
    for (unsigned i = 0; i < generations->count; i++)
        generation_hurry(generations->all[i], signal_number, now);
}

struct slot *generations_find(const struct generations *generations, pid_t pid)
{
    for (unsigned i = 0; i < generations->count; i++) {
        struct slot *slot = slots_find(&generations->all[i]->slots, pid);

        if (slot)
            return slot;
    }
    return NULL;
}

/* --- What they counted --- */

void generations_totals(const struct generations *generations, struct totals *totals, uint64_t *written)
{
    *totals = generations->accounts.totals;
    *written = generations->accounts.written;
    for (unsigned i = 0; i < generations->count; i++) {
        shared_sum(&generations->all[i]->shared, totals);
        *written += shared_written(&generations->all[i]->shared);
    }
}

void generations_sum_listeners(const struct generations *generations)
{
    ledger_begin_sum(&generations->accounts.ledger);
    for (unsigned i = 0; i < generations->count; i++) {
        const struct generation *generation = generations->all[i];

        for (size_t k = 0; k < generation->conf->listener_count; k++)
            shared_sum_listener(&generation->shared, k,
                                ledger_sum(&generations->accounts.ledger, generation->rows[k]));
    }
}

unsigned generations_restarts(const struct generations *generations)
{
    unsigned restarts = generations->accounts.restarts;

    for (unsigned i = 0; i < generations->count; i++)
        restarts += slots_restarts(&generations->all[i]->slots);
    return restarts;
}

static void free_drained(struct generations *generations)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < generations->count; i++) {
        struct generation *generation = generations->all[i];

        if (generation_is_over(generation)) {
            accounts_keep(&generations->accounts, generation);
            generation_free(generation, generations->keep_sockets);
            generations->changes++;
        } else {
            generations->all[kept++] = generation;
        }
    }
    generations->count = kept;
}

/* --- Workers --- */

/* The logger that writes the master's events: that of the first serving worker. NULL if none serves. */
static struct slot *find_logger(struct generations *generations, struct shared_logger **logger)
{
    for (unsigned i = 0; i < generations->count; i++) {
        struct generation *generation = generations->all[i];

        for (unsigned k = 0; k < generation->slots.count; k++)
            if (generation->slots.table[k].ready) {
                *logger = shared_logger(&generation->shared, k);
                return &generation->slots.table[k];
            }
    }
    return NULL;
}

/* The master writes its events itself only if no worker can, since it must not wait for the log. */
static void choose_logger(struct generations *generations)
{
    struct ring ring = shared_master_events(generations->service);
    struct shared_logger *logger;
    struct slot *slot = find_logger(generations, &logger);

    atomic_store(&generations->service->event_reader, slot ? slot->child.pid : 0);
    if (slot) {
        log_use_ring(&ring, &logger->asleep, slot->log_wake_fd);
        log_wake(&logger->asleep, slot->log_wake_fd);
    } else {
        log_flush();
        log_use_stderr();
    }
}

static void report(struct generations *generations, const struct worker_report *report, int64_t now)
{
    for (unsigned i = 0; i < generations->count; i++) {
        struct generation *generation = generations->all[i];
        struct slot *slot = slots_find(&generation->slots, report->pid);

        if (slot && !slot->ready)
            generation_worker_reports(generation, slot, report, now);
    }
}

/* Logs it once for the service, and when it changes. */
static void report_unconfined(struct generations *generations, const struct sandbox *sandbox)
{
    struct message message;

    if (sandbox->kind != SANDBOX_TRIED || sandbox_is_whole(sandbox))
        return;
    sandbox_describe(sandbox, &message);
    if (message_change(&generations->unconfined, "%s", message.text))
        log_warning("The sandbox of the workers is incomplete: %s", message.text);
}

static void read_reports(struct generations *generations, int64_t now)
{
    struct worker_report heard;
    bool any = false;

    while (read(generations->inheritance.ready[0], &heard, sizeof(heard)) == sizeof(heard)) {
        report(generations, &heard, now);
        any = true;
    }
    if (!any)
        return;
    generations->changes++;
    choose_logger(generations);
    report_unconfined(generations, &heard.sandbox);
}

/* The kernel does not repeat the wake-up that a dead worker received: the others check their sockets now, not
 * only at their next heartbeat. */
static void announce(const struct generations *generations)
{
    if (write(generations->inheritance.announce_fd, &(uint64_t){1}, sizeof(uint64_t)) < 0)
        log_warning("cannot tell the workers to check their sockets: %s", strerror(errno));
}

static void reap(struct generations *generations, int64_t now)
{
    unsigned count = 0;

    for (unsigned i = 0; i < generations->count; i++) {
        struct generation *generation = generations->all[i];
        unsigned ended = generation_reap(generation, now);

        count += ended;
        if (!ended || !generation->last_failure[0])
            continue;
        failure_note(generations->failure, FAILURE_WORKER, "%s", generation->last_failure);
        generations->awaits_proof = true;
    }
    if (count == 0)
        return;
    generations->changes++;
    choose_logger(generations);
    announce(generations);
}

/* Clears the failure of a worker when its successor has run long enough. Returns when to check again. */
static int64_t look_for_proof(struct generations *generations, int64_t now)
{
    const struct generation *serving = generations->serving;
    int64_t proven_at;

    if (!generations->awaits_proof || !serving)
        return SLOT_NEVER;
    proven_at = slots_proven_at(&serving->slots);
    if (now < proven_at)
        return proven_at;
    generations->awaits_proof = false;
    generations->changes++;
    failure_clear(generations->failure, FAILURE_WORKER);
    return SLOT_NEVER;
}

/* A worker has found that a listening socket was shut down, as any process that has it can do; or it has left
 * its sockets. */
static int64_t look_at_sockets(struct generations *generations, int64_t now)
{
    uint64_t count;

    if (now < generations->look_at_sockets_at)
        return generations->look_at_sockets_at;
    if (read(generations->inheritance.attention_fd, &count, sizeof(count)) != sizeof(count))
        return SLOT_NEVER;
    generations->look_at_sockets_at = now + LOOK_SOCKETS_NS;
    if (generations->serving && sockets_listen_again(&generations->serving->sockets))
        announce(generations);
    for (unsigned i = 0; i < generations->count; i++)
        generation_release_sockets(generations->all[i], generations->keep_sockets);
    return generations->look_at_sockets_at;
}

static int64_t supervise(struct generations *generations, int64_t now)
{
    int64_t next = SLOT_NEVER;

    for (unsigned i = 0; i < generations->count; i++) {
        int64_t at;

        generation_start_due(generations->all[i], &generations->inheritance, now);
        at = generation_check(generations->all[i], now);
        next = at < next ? at : next;
    }
    return next;
}

int64_t generations_step(struct generations *generations, int64_t now)
{
    int64_t next, at;

    read_reports(generations, now);
    reap(generations, now);
    free_drained(generations);
    next = supervise(generations, now);
    at = look_at_sockets(generations, now);
    next = at < next ? at : next;
    at = look_for_proof(generations, now);
    return at < next ? at : next;
}
