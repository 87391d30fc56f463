/* SPDX-License-Identifier: MIT */
#include "client/streams.h"

#include "base/util.h"
#include "client/errors.h"

#include <err.h>
#include <poll.h>
#include <string.h>

/* An active reader can empty a pipe in this time, so that the summary is not lost. */
#define GRACE_NS (NS_PER_S / 2)

static int wait_for_reader(void *context, int fd)
{
    struct streams *streams = context;
    struct deadline grace = {.interrupt_fd = -1};

    if (streams->end_ns == 0) {
        enum deadline_end end = deadline_wait(streams->deadline, fd, POLLOUT);

        if (end == DEADLINE_READY)
            return 0;
        streams->reason = end == DEADLINE_INTERRUPTED ? EINTR : ETIMEDOUT;
        streams->end_ns = monotonic_ns() + GRACE_NS;
    }
    grace.until_ns = streams->end_ns;
    return deadline_wait(&grace, fd, POLLOUT) == DEADLINE_READY ? 0 : streams->reason;
}

bool streams_open(struct streams *streams, const struct deadline *deadline)
{
    int error;

    *streams = (struct streams){.deadline = deadline};
    error = output_open_waiting(&streams->output, STDOUT_FILENO, wait_for_reader, streams);
    if (error == 0)
        error = output_replace_stderr(&streams->errors, wait_for_reader, streams);
    if (error)
        warnx("cannot open the standard streams: %s", strerrordesc_np(-error));
    return error == 0;
}

static bool was_full(const struct streams *streams)
{
    return streams->output.error == ETIMEDOUT || streams->output.error == EINTR;
}

bool streams_flush(struct streams *streams)
{
    int error = -output_flush(&streams->output);
    char words[ERRORS_MAX];

    if (was_full(streams))
        warnx("standard output: still full %s", error == EINTR ? "when interrupted" : "at the deadline");
    else if (error && error != EPIPE) {
        errors_errno(words, sizeof(words), error);
        warnx("standard output: %s", words);
    }
    return error == 0;
}

FILE *streams_best(struct streams *streams)
{
    if (streams->output.error == 0)
        return streams->output.stream;
    return was_full(streams) ? stderr : NULL;
}
