/* SPDX-License-Identifier: MIT */
#include "shared.h"

#include "log.h"
#include "record.h"

#include <errno.h>
#include <sys/mman.h>

/* Layout: head, master's events, then for each worker: logger, events, and for each thread: state, records. */
struct head {
    struct log_rate rate;
    _Atomic int event_reader;
};

static size_t aligned(size_t size)
{
    return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static size_t events_size(void)
{
    return ring_memory(SHARED_EVENTS, sizeof(struct event));
}

static size_t thread_size(void)
{
    return aligned(sizeof(struct shared_thread)) + ring_memory(SHARED_RECORDS, sizeof(struct record));
}

static size_t worker_size(const struct shared *shared)
{
    return aligned(sizeof(struct shared_logger)) + events_size() + shared->threads * thread_size();
}

static size_t head_size(void)
{
    return aligned(sizeof(struct head)) + events_size();
}

static char *worker_base(const struct shared *shared, unsigned worker)
{
    return shared->base + head_size() + worker * worker_size(shared);
}

static char *thread_base(const struct shared *shared, unsigned worker, unsigned thread)
{
    return worker_base(shared, worker) + aligned(sizeof(struct shared_logger)) + events_size() +
           thread * thread_size();
}

int shared_open(struct shared *shared, unsigned workers, unsigned threads)
{
    struct head *head;

    shared->workers = workers;
    shared->threads = threads;
    shared->size = head_size() + workers * worker_size(shared);
    shared->base = mmap(NULL, shared->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared->base == MAP_FAILED) {
        shared->base = NULL;
        return -errno;
    }
    head = (struct head *)(void *)shared->base;
    shared->rate = &head->rate;
    shared->event_reader = &head->event_reader;
    return 0;
}

void shared_close(struct shared *shared)
{
    if (shared->base)
        munmap(shared->base, shared->size);
    shared->base = NULL;
}

struct shared_thread *shared_thread(const struct shared *shared, unsigned worker, unsigned thread)
{
    return (struct shared_thread *)(void *)thread_base(shared, worker, thread);
}

struct shared_logger *shared_logger(const struct shared *shared, unsigned worker)
{
    return (struct shared_logger *)(void *)worker_base(shared, worker);
}

struct ring shared_records(const struct shared *shared, unsigned worker, unsigned thread)
{
    struct ring ring;

    ring_attach(&ring, thread_base(shared, worker, thread) + aligned(sizeof(struct shared_thread)),
                SHARED_RECORDS, sizeof(struct record));
    return ring;
}

struct ring shared_events(const struct shared *shared, unsigned worker)
{
    struct ring ring;

    ring_attach(&ring, worker_base(shared, worker) + aligned(sizeof(struct shared_logger)), SHARED_EVENTS,
                sizeof(struct event));
    return ring;
}

struct ring shared_master_events(const struct shared *shared)
{
    struct ring ring;

    ring_attach(&ring, shared->base + aligned(sizeof(struct head)), SHARED_EVENTS, sizeof(struct event));
    return ring;
}

void shared_sum_worker(const struct shared *shared, unsigned worker, struct stats_totals *totals)
{
    for (unsigned thread = 0; thread < shared->threads; thread++)
        stats_sum(totals, &shared_thread(shared, worker, thread)->stats);
}

void shared_sum(const struct shared *shared, struct stats_totals *totals)
{
    for (unsigned worker = 0; worker < shared->workers; worker++)
        shared_sum_worker(shared, worker, totals);
}

uint64_t shared_written(const struct shared *shared)
{
    uint64_t written = 0;

    for (unsigned worker = 0; worker < shared->workers; worker++)
        for (unsigned thread = 0; thread < shared->threads; thread++) {
            struct ring ring = shared_records(shared, worker, thread);

            written += ring_released(&ring);
        }
    return written;
}
