/* SPDX-License-Identifier: MIT */
#include "base/output.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE 300000 /* more than a pipe holds */

/* Reads until the end; returns how many bytes came. */
static void *read_everything(void *context)
{
    int fd = *(const int *)context;
    static size_t total;
    char bytes[1000];
    ssize_t n;

    while ((n = read(fd, bytes, sizeof(bytes))) > 0)
        for (ssize_t i = 0; i < n; i++, total++)
            if (bytes[i] != (char)('a' + total % 26))
                return NULL;
    return &total;
}

/* stdio dropped what a pipe did not take at once, when its reader had made it one that does not wait. */
Test(output, a_full_pipe_is_waited_for)
{
    struct output output;
    pthread_t reader;
    void *total;
    int ends[2];

    cr_assert_eq(pipe2(ends, O_NONBLOCK), 0);
    fcntl(ends[0], F_SETFL, 0);
    cr_assert_eq(output_open(&output, ends[1]), 0);
    pthread_create(&reader, NULL, read_everything, &ends[0]);
    for (size_t i = 0; i < SIZE; i++)
        fputc((int)('a' + i % 26), output.stream);
    cr_assert_eq(output_close(&output), 0);
    close(ends[1]);
    pthread_join(reader, &total);
    cr_assert_not_null(total);
    cr_assert_eq(*(size_t *)total, SIZE);
}

Test(output, the_first_failure_is_kept)
{
    struct output output;
    int full = open("/dev/full", O_WRONLY);

    cr_assert_geq(full, 0);
    cr_assert_eq(output_open(&output, full), 0);
    for (int i = 0; i < SIZE; i++)
        fputc('x', output.stream);
    close(full); /* which would be another error */
    cr_assert_eq(output_close(&output), -ENOSPC);
    cr_assert_eq(output_open(&output, full), 0);
    fputs("x", output.stream);
    cr_assert_eq(output_close(&output), -EBADF);
}

Test(output, nothing_printed_is_no_failure)
{
    struct output output;

    cr_assert_eq(output_open(&output, -1), 0);
    cr_assert_eq(output_close(&output), 0);
}

struct patience {
    unsigned left;
    int fd;
};

/* Waits so often, and then no longer. */
static int wait_a_few_times(void *context, int fd)
{
    struct patience *patience = context;

    patience->fd = fd;
    return patience->left-- > 0 ? 0 : ETIMEDOUT;
}

/* A pipe that waits held the program in write() until somebody read, whatever its deadline. */
Test(output, a_wait_can_end)
{
    struct patience patience = {.left = 3};
    struct output output;
    char bytes[SIZE];
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(output_open_waiting(&output, ends[1], wait_a_few_times, &patience), 0);
    for (size_t i = 0; i < SIZE; i++)
        fputc((int)('a' + i % 26), output.stream);
    cr_assert_eq(output_flush(&output), -ETIMEDOUT);
    cr_assert_eq(patience.fd, ends[1]);
    fputs("and more", output.stream);
    cr_assert_eq(output_close(&output), -ETIMEDOUT);
    close(ends[1]);
    cr_assert_eq(read(ends[0], bytes, SIZE), 3 * PIPE_BUF, "what was waited for, and nothing after it");
    cr_assert_eq(bytes[3 * PIPE_BUF - 1], 'a' + (3 * PIPE_BUF - 1) % 26);
}

Test(output, a_flush_writes_what_was_printed)
{
    struct output output;
    char bytes[8];
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(output_open(&output, ends[1]), 0);
    fputs("abc", output.stream);
    cr_assert_eq(output_flush(&output), 0);
    cr_assert_eq(read(ends[0], bytes, sizeof(bytes)), 3);
    fputs("de", output.stream);
    cr_assert_eq(output_close(&output), 0);
    cr_assert_eq(read(ends[0], bytes, sizeof(bytes)), 2);
}

/* A socket got the number of a stream that the caller had closed. */
Test(output, closed_streams_are_occupied_and_still_fail)
{
    int saved = dup(STDOUT_FILENO), probe;

    close(STDOUT_FILENO);
    output_occupy_standard();
    probe = dup(saved);
    cr_expect_gt(probe, STDERR_FILENO);
    cr_expect_eq(write(STDOUT_FILENO, "x", 1), -1);
    dup2(saved, STDOUT_FILENO);
}
