/* SPDX-License-Identifier: MIT */
#include "shm/shared.h"

#include "shm/event.h"
#include "shm/record.h"

#include "base/util.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Layout of a generation's part: for each worker, in pages of its own: the logger, its events, and for each
 * thread its state, counters by listener, records and proxies; then for each worker the counts of sources;
 * then the part that only the master writes: its notice, the end of a drain and a flag for each socket. */

static size_t aligned(size_t size)
{
    return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static size_t events_size(void)
{
    return ring_memory(SHARED_EVENTS, sizeof(struct event));
}

static size_t counted_offset(void)
{
    return aligned(sizeof(struct shared_thread));
}

static size_t listeners_offset(const struct shared *shared)
{
    return counted_offset() + aligned(shared->listeners * sizeof(_Atomic bool));
}

static size_t records_offset(const struct shared *shared)
{
    return listeners_offset(shared) + shared->listeners * sizeof(struct stats_listener);
}

static size_t proxies_offset(const struct shared *shared)
{
    return records_offset(shared) + ring_memory(SHARED_RECORDS, sizeof(struct record));
}

static size_t thread_size(const struct shared *shared)
{
    return proxies_offset(shared) + aligned(SHARED_RECORDS * sizeof(struct peer_address));
}

static size_t whole_pages(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (size + page - 1) / page * page;
}

static size_t worker_size(const struct shared *shared)
{
    return whole_pages(aligned(sizeof(struct shared_logger)) + events_size() +
                       shared->threads * thread_size(shared));
}

static size_t notice_size(void)
{
    return aligned(sizeof(struct notice) + sizeof(_Atomic int64_t));
}

static char *worker_base(const struct shared *shared, unsigned worker)
{
    return shared->base + worker * worker_size(shared);
}

static char *thread_base(const struct shared *shared, unsigned worker, unsigned thread)
{
    return worker_base(shared, worker) + aligned(sizeof(struct shared_logger)) + events_size() +
           thread * thread_size(shared);
}

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static size_t service_size(void)
{
    return aligned(sizeof(struct shared_service)) + events_size();
}

struct shared_service *shared_service_open(void)
{
    struct shared_service *service = map(service_size());

    if (!service)
        return NULL;
    service->began = monotonic_ns();
    atomic_store(&service->reported_at, service->began);
    if (getentropy(service->sources.key, sizeof(service->sources.key)) == 0)
        return service;
    shared_service_close(service);
    return NULL;
}

_Static_assert(sizeof(struct metrics) + METRICS_LISTENERS * sizeof(struct metrics_listener) <= SNAPSHOT_SIZE,
               "the largest fits");

bool shared_metrics(const struct shared_service *service, struct metrics *metrics)
{
    size_t size = snapshot_read(&service->metrics, metrics, metrics_size(METRICS_LISTENERS));

    return metrics_are_whole(metrics, size);
}

bool shared_totals(const struct shared_service *service, uint64_t *seen, struct metrics *metrics)
{
    uint64_t version = snapshot_version(&service->metrics);

    if (version != *seen && snapshot_read(&service->metrics, metrics, sizeof(*metrics)) == sizeof(*metrics))
        *seen = version;
    return *seen != 0;
}

void shared_service_close(struct shared_service *service)
{
    if (service)
        munmap(service, service_size());
}

/* A file without a name, sealed so that mappings made from now on cannot be written to. */
static char *map_file(struct shared *shared)
{
    void *memory = MAP_FAILED;

    shared->fd = memfd_create("sockgreet", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (shared->fd >= 0 && ftruncate(shared->fd, (off_t)shared->size) == 0)
        memory = mmap(NULL, shared->size, PROT_READ | PROT_WRITE, MAP_SHARED, shared->fd, 0);
    if (memory == MAP_FAILED ||
        fcntl(shared->fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) < 0)
        return NULL;
    return memory;
}

int shared_open(struct shared *shared, struct shared_service *service, const struct shared_room *room)
{
    size_t held = room->workers * SHARED_HELD_ROWS * room->held_cells;

    shared->service = service;
    shared->workers = room->workers;
    shared->threads = room->threads;
    shared->listeners = room->listeners;
    shared->held_cells = room->held_cells;
    shared->size = room->workers * worker_size(shared) + whole_pages(held * sizeof(*shared->held)) +
                   whole_pages(notice_size() + room->sockets * sizeof(*shared->retired));
    shared->base = map_file(shared);
    if (!shared->base) {
        int error = -errno;

        close_fd(&shared->fd);
        return error;
    }
    shared->held = (_Atomic uint16_t *)(void *)worker_base(shared, room->workers);
    shared->notice = (struct notice *)(void *)(worker_base(shared, room->workers) +
                                               whole_pages(held * sizeof(*shared->held)));
    shared->drain_end = (_Atomic int64_t *)(void *)(shared->notice + 1);
    atomic_store(shared->drain_end, INT64_MAX);
    shared->retired = (_Atomic bool *)(void *)((char *)shared->notice + notice_size());
    return 0;
}

void shared_close(struct shared *shared)
{
    if (!shared->base)
        return;
    munmap(shared->base, shared->size);
    close_fd(&shared->fd);
    shared->base = NULL;
}

/* Unmaps the bytes from start to end. */
static int unmap_between(char *start, char *end)
{
    return start < end && munmap(start, (size_t)(end - start)) < 0 ? -errno : 0;
}

/* Replaces the part that only the master writes with a mapping that mprotect(2) cannot make writable, because
 * the file is sealed. */
static int map_to_read(struct shared *shared, char *start, char *end)
{
    size_t size = (size_t)(end - start);

    if (mmap(start, size, PROT_READ, MAP_SHARED | MAP_FIXED, shared->fd, start - shared->base) == MAP_FAILED)
        return -errno;
    return 0;
}

int shared_keep_own(struct shared *shared, unsigned worker)
{
    char *own = worker_base(shared, worker), *own_end = worker_base(shared, worker + 1);
    char *held = (char *)(uintptr_t)shared->held, *notice = (char *)shared->notice;
    char *end = shared->base + shared->size;
    int error = unmap_between(shared->base, own);

    if (error == 0)
        error = unmap_between(own_end, held);
    if (error == 0)
        error = map_to_read(shared, notice, end);
    close_fd(&shared->fd);
    return error;
}

struct shared_thread *shared_thread(const struct shared *shared, unsigned worker, unsigned thread)
{
    return (struct shared_thread *)(void *)thread_base(shared, worker, thread);
}

_Atomic bool *shared_counted(const struct shared *shared, unsigned worker, unsigned thread)
{
    return (_Atomic bool *)(void *)(thread_base(shared, worker, thread) + counted_offset());
}

struct stats_listener *shared_listeners(const struct shared *shared, unsigned worker, unsigned thread)
{
    return (struct stats_listener *)(void *)(thread_base(shared, worker, thread) + listeners_offset(shared));
}

struct shared_logger *shared_logger(const struct shared *shared, unsigned worker)
{
    return (struct shared_logger *)(void *)worker_base(shared, worker);
}

struct ring shared_records(const struct shared *shared, unsigned worker, unsigned thread)
{
    struct ring ring;

    ring_attach(&ring, thread_base(shared, worker, thread) + records_offset(shared), SHARED_RECORDS,
                sizeof(struct record));
    return ring;
}

struct peer_address *shared_proxies(const struct shared *shared, unsigned worker, unsigned thread)
{
    return (struct peer_address *)(void *)(thread_base(shared, worker, thread) + proxies_offset(shared));
}

struct ring shared_events(const struct shared *shared, unsigned worker)
{
    struct ring ring;

    ring_attach(&ring, worker_base(shared, worker) + aligned(sizeof(struct shared_logger)), SHARED_EVENTS,
                sizeof(struct event));
    return ring;
}

struct ring shared_master_events(struct shared_service *service)
{
    struct ring ring;

    ring_attach(&ring, (char *)service + aligned(sizeof(*service)), SHARED_EVENTS, sizeof(struct event));
    return ring;
}

static uint64_t lost(const struct shared *shared, unsigned worker)
{
    return atomic_load_explicit(&shared_logger(shared, worker)->lost, memory_order_relaxed);
}

static bool has_counted(const struct shared *shared, unsigned worker, unsigned thread, size_t listener)
{
    return atomic_load_explicit(&shared_counted(shared, worker, thread)[listener], memory_order_relaxed);
}

static void sum_thread_listener(const struct shared *shared, unsigned worker, unsigned thread,
                                size_t listener, struct tally *tally)
{
    if (has_counted(shared, worker, thread, listener))
        stats_sum_listener(tally, &shared_listeners(shared, worker, thread)[listener]);
}

void shared_sum_worker(const struct shared *shared, unsigned worker, struct totals *totals)
{
    for (unsigned thread = 0; thread < shared->threads; thread++) {
        stats_sum(totals, &shared_thread(shared, worker, thread)->stats);
        for (size_t listener = 0; listener < shared->listeners; listener++)
            sum_thread_listener(shared, worker, thread, listener, &totals->clients);
    }
    totals->dropped += lost(shared, worker);
}

void shared_sum_listener(const struct shared *shared, size_t listener, struct tally *tally)
{
    for (unsigned worker = 0; worker < shared->workers; worker++)
        for (unsigned thread = 0; thread < shared->threads; thread++)
            sum_thread_listener(shared, worker, thread, listener, tally);
}

bool shared_has_counted(const struct shared *shared, unsigned worker)
{
    for (unsigned thread = 0; thread < shared->threads; thread++)
        for (size_t listener = 0; listener < shared->listeners; listener++)
            if (has_counted(shared, worker, thread, listener))
                return true;
    return false;
}

uint64_t shared_accept_pauses(const struct shared *shared, unsigned worker)
{
    struct totals totals = {0};

    for (unsigned thread = 0; thread < shared->threads; thread++)
        stats_sum(&totals, &shared_thread(shared, worker, thread)->stats);
    return totals.accept_pauses;
}

void shared_sum(const struct shared *shared, struct totals *totals)
{
    for (unsigned worker = 0; worker < shared->workers; worker++)
        shared_sum_worker(shared, worker, totals);
}

static uint64_t released(const struct shared *shared, unsigned worker)
{
    uint64_t count = 0;

    for (unsigned thread = 0; thread < shared->threads; thread++) {
        struct ring ring = shared_records(shared, worker, thread);

        count += ring_released(&ring);
    }
    return count;
}

uint64_t shared_written(const struct shared *shared)
{
    uint64_t written = 0;

    for (unsigned worker = 0; worker < shared->workers; worker++) {
        uint64_t gone = released(shared, worker), failed = lost(shared, worker);

        written += gone > failed ? gone - failed : 0; /* a record is counted as lost before it is released */
    }
    return written;
}
