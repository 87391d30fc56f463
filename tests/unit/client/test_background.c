/* SPDX-License-Identifier: MIT */
#include "client/ask/background.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define PATIENCE_MS 30000

/* A call that returns when it has read a byte. */
struct job {
    struct background background;
    int fd;
    ssize_t result;
};

static int go[2], freed[2]; /* pipes: lets the call return; gets a byte when the job is freed */

static void wait_for_go(void *context)
{
    struct job *job = context;
    char byte;

    job->result = read(job->fd, &byte, 1);
}

static void destroy(void *context)
{
    free(context);
    cr_assert_eq(write(freed[1], "f", 1), 1);
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};

    return poll(&polled, 1, timeout_ms) == 1;
}

static struct job *start(void)
{
    struct job *job = calloc(1, sizeof(*job));

    cr_assert_not_null(job);
    cr_assert_eq(pipe(go), 0);
    cr_assert_eq(pipe(freed), 0);
    job->fd = go[0];
    cr_assert_eq(background_start(&job->background, wait_for_go, destroy, job), 0);
    return job;
}

static void let_it_return(void)
{
    cr_assert_eq(write(go[1], "g", 1), 1);
}

Test(background, finish_waits_for_the_call)
{
    struct job *job = start();

    cr_assert_not(is_readable(job->background.done_fd, 0));
    let_it_return();
    cr_assert(is_readable(job->background.done_fd, PATIENCE_MS));
    background_finish(&job->background);
    cr_assert_eq(job->result, 1);
    cr_assert_eq(job->background.done_fd, -1);
    cr_assert_not(is_readable(freed[0], 0)); /* left to the caller */
    free(job);
}

Test(background, abandoned_while_it_runs)
{
    background_abandon(&start()->background);
    cr_assert_not(is_readable(freed[0], 0));
    let_it_return();
    cr_assert(is_readable(freed[0], PATIENCE_MS));
}

Test(background, abandoned_after_its_end)
{
    struct job *job = start();
    char bytes[2];

    let_it_return();
    cr_assert(is_readable(job->background.done_fd, PATIENCE_MS));
    background_abandon(&job->background);
    cr_assert(is_readable(freed[0], PATIENCE_MS));
    cr_assert_eq(read(freed[0], bytes, sizeof(bytes)), 1); /* once */
}
