/* SPDX-License-Identifier: MIT */
#include "shm/shared.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS   3
#define THREADS   2
#define LISTENERS 100
#define SOCKETS   5
#define CELLS     4096

static void open_shared(struct shared *shared)
{
    const struct shared_room room = {.workers = WORKERS,
                                     .threads = THREADS,
                                     .listeners = LISTENERS,
                                     .sockets = SOCKETS,
                                     .held_cells = CELLS};

    cr_assert_eq(shared_open(shared, NULL, &room), 0);
}

/* What a child returns that is worker 1. */
static int as_worker(struct shared *shared, int (*act)(struct shared *shared))
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(shared_keep_own(shared, 1) == 0 ? act(shared) : 99);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Whether nothing is mapped there. */
static bool is_unmapped(const void *address)
{
    uintptr_t page = (uintptr_t)address & ~(uintptr_t)(sysconf(_SC_PAGESIZE) - 1);
    unsigned char present;

    return mincore((void *)page, 1, &present) < 0 && errno == ENOMEM;
}

static int write_own(struct shared *shared)
{
    atomic_store(&shared_thread(shared, 1, THREADS - 1)->beat_at, 42);
    return 0;
}

static int look_before(struct shared *shared)
{
    return is_unmapped(shared_thread(shared, 0, THREADS - 1));
}

static int look_after(struct shared *shared)
{
    return is_unmapped(shared_thread(shared, 2, 0)) && is_unmapped(shared_thread(shared, 2, THREADS - 1));
}

static int write_held_of_another(struct shared *shared)
{
    atomic_store(&shared->held[0], 7);
    return 0;
}

static int read_flag(struct shared *shared)
{
    return atomic_load(&shared->retired[SOCKETS - 1]);
}

static int read_notice(struct shared *shared)
{
    struct state state = STATE_DEFAULT;
    uint32_t seen = 0;

    notice_read(shared->notice, &seen, &state);
    return (int)state.word;
}

static int read_drain_end(struct shared *shared)
{
    return (int)(atomic_load(shared->drain_end) / NS_PER_S);
}

static int make_notice_writable(struct shared *shared)
{
    return mprotect(shared->notice, 4096, PROT_READ | PROT_WRITE) < 0 && errno == EACCES ? 0 : 1;
}

/* A worker that was taken over could write other workers' heartbeats and counters, and have them killed. */
Test(shm, a_worker_has_its_own_slot_and_no_other)
{
    struct shared shared;

    open_shared(&shared);
    cr_expect_eq(as_worker(&shared, write_own), 0);
    cr_expect_eq(atomic_load(&shared_thread(&shared, 1, THREADS - 1)->beat_at), 42, "the master sees it");
    cr_expect_not(look_before(&shared), "the master has all of them");
    cr_expect_not(look_after(&shared));
    cr_expect_eq(as_worker(&shared, look_before), 1);
    cr_expect_eq(as_worker(&shared, look_after), 1);
    shared_close(&shared);
}

/* A source is counted by all of them together. */
Test(shm, what_sources_hold_is_all_workers)
{
    struct shared shared;

    open_shared(&shared);
    cr_expect_eq(as_worker(&shared, write_held_of_another), 0);
    cr_expect_eq(atomic_load(&shared.held[0]), 7);
    shared_close(&shared);
}

Test(shm, a_worker_reads_what_the_master_says_and_cannot_write_it)
{
    struct shared shared;

    open_shared(&shared);
    cr_expect_eq(as_worker(&shared, read_flag), 0);
    cr_expect_eq(as_worker(&shared, read_notice), STATE_READY);
    notice_post(shared.notice, &(struct state){.word = STATE_MAINT});
    cr_expect_eq(as_worker(&shared, read_notice), STATE_MAINT, "and a notice");
    cr_expect_eq(atomic_load(shared.drain_end), INT64_MAX);
    atomic_store(shared.drain_end, 7 * NS_PER_S);
    cr_expect_eq(as_worker(&shared, read_drain_end), 7, "and the end of a drain");
    atomic_store(&shared.retired[SOCKETS - 1], true);
    cr_expect_eq(as_worker(&shared, read_flag), 1, "a flag set later is seen");
    cr_expect_eq(as_worker(&shared, make_notice_writable), 0);
    shared_close(&shared);
}
