/* SPDX-License-Identifier: MIT */
#include "client/ask/background.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#define PATIENCE_MS 30000

/* A call that waits for a byte, and whose end and release write a byte each. */
struct job {
    struct background background;
    int go[2], freed[2];
    int result;
};

static struct job job;

static void wait_for_go(void *context)
{
    struct job *mine = context;
    char byte;

    mine->result = (int)read(mine->go[0], &byte, 1);
}

static void note_freed(void *context)
{
    struct job *mine = context;

    cr_assert_eq(write(mine->freed[1], "f", 1), 1);
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};

    return poll(&polled, 1, timeout_ms) == 1;
}

static void start(void)
{
    cr_assert_eq(pipe(job.go), 0);
    cr_assert_eq(pipe(job.freed), 0);
    cr_assert_eq(background_start(&job.background, wait_for_go, note_freed, &job), 0);
}

static void let_it_return(void)
{
    cr_assert_eq(write(job.go[1], "g", 1), 1);
}

Test(background, finish_waits_for_the_call)
{
    start();
    cr_assert_not(is_readable(job.background.done_fd, 0));
    let_it_return();
    cr_assert(is_readable(job.background.done_fd, PATIENCE_MS));
    background_finish(&job.background);
    cr_assert_eq(job.result, 1);
    cr_assert_eq(job.background.done_fd, -1);
    cr_assert_not(is_readable(job.freed[0], 0)); /* left to the caller */
}

Test(background, abandoned_while_it_runs)
{
    start();
    background_abandon(&job.background);
    cr_assert_not(is_readable(job.freed[0], 0));
    let_it_return();
    cr_assert(is_readable(job.freed[0], PATIENCE_MS));
}

Test(background, abandoned_after_its_end)
{
    char freed[2];

    start();
    let_it_return();
    cr_assert(is_readable(job.background.done_fd, PATIENCE_MS));
    background_abandon(&job.background);
    cr_assert(is_readable(job.freed[0], PATIENCE_MS));
    cr_assert_eq(read(job.freed[0], freed, sizeof(freed)), 1); /* once */
}
