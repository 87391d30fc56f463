/* SPDX-License-Identifier: MIT */
#include "log/sink_stderr.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

static _Atomic bool cut;

/* A sink that is journald's stream, so that lines have no time, into an empty file. */
static struct sink_stderr new_sink(void)
{
    FILE *file = tmpfile();

    cr_assert_not_null(file);
    atomic_store(&cut, false);
    return (struct sink_stderr){.fd = fileno(file), .is_journal = true, .cut = &cut};
}

static const char *content(const struct sink_stderr *sink)
{
    static char text[4096];
    ssize_t n = pread(sink->fd, text, sizeof(text) - 1, 0);

    cr_assert_geq(n, 0);
    text[n] = '\0';
    return text;
}

/* From now on a file can be so long. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

Test(sink_stderr, writes_lines)
{
    struct sink_stderr sink = new_sink();

    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "one"), 0);
    cr_assert_eq(sink_stderr_write_now(&sink, LOG_ERR, "two"), 0);
    cr_assert_str_eq(content(&sink), "<6>one\n<3>two\n");
}

/* The fuzzer had a message go on in a line that looked like another entry. */
Test(sink_stderr, a_message_is_one_line_whatever_is_in_it)
{
    struct sink_stderr sink = new_sink();
    char expected[4096] = "<6>";
    char *message = expected + 3;

    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "a\nb\r\t\x1b[2J\x7f caf\xc3\xa9"), 0);
    cr_assert_str_eq(content(&sink), "<6>a\\nb\\r\\t\\x1b[2J\\x7f caf\xc3\xa9\n");
    memset(message, '\x01', 2000);
    sink = new_sink();
    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, message), 0);
    cr_assert_null(strchr(content(&sink), '\x01'));
    cr_assert_eq(strchr(content(&sink), '\n')[1], '\0', "it is cut, and ends");
}

/* On a full disk lines were cut, joined with the next, and counted as written. */
Test(sink_stderr, a_cut_line_is_an_error_and_the_next_one_begins_on_a_new_one)
{
    struct sink_stderr sink = new_sink();

    limit_files(12);
    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "one"), 0);
    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "two"), -EFBIG);
    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "three"), -EFBIG);
    cr_assert(atomic_load(&cut), "another process must know");
    limit_files(RLIM_INFINITY);
    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "four"), 0);
    cr_assert_str_eq(content(&sink), "<6>one\n<6>tw\n<6>four\n");
}

/* The line feed that ends a cut line may be all that finds room. */
Test(sink_stderr, a_line_of_which_nothing_was_taken_leaves_no_empty_one)
{
    struct sink_stderr sink = new_sink();

    limit_files(7);
    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "one"), 0);
    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "two"), -EFBIG);
    cr_assert_not(atomic_load(&cut));
    atomic_store(&cut, true);
    limit_files(8);
    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "two"), -EFBIG);
    cr_assert_not(atomic_load(&cut));
    limit_files(RLIM_INFINITY);
    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "four"), 0);
    cr_assert_str_eq(content(&sink), "<6>one\n\n<6>four\n");
}

Test(sink_stderr, a_full_device_takes_nothing)
{
    struct sink_stderr sink = new_sink();

    sink.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    cr_assert_geq(sink.fd, 0);
    cr_assert_eq(sink_stderr_write(&sink, LOG_INFO, "one"), -ENOSPC);
    cr_assert_not(atomic_load(&cut));
}

Test(sink_stderr, does_not_wait_if_it_must_not)
{
    struct sink_stderr sink = new_sink();
    int fds[2];
    char block[4096] = {0};

    cr_assert_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    while (write(fds[1], block, sizeof(block)) > 0)
        ;
    sink.fd = fds[1];
    cr_assert_eq(sink_stderr_write_now(&sink, LOG_INFO, "one"), -EAGAIN);
}
