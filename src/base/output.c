/* SPDX-License-Identifier: MIT */
#include "base/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* EAGAIN: somebody who shares the other end has set O_NONBLOCK, and stdio would drop its buffer then. */
static ssize_t write_some(int fd, const char *bytes, size_t size)
{
    for (;;) {
        ssize_t n = write(fd, bytes, size);

        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
        if (errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
    }
}

/* As fopencookie(3) wants it: 0 is a failure. */
static ssize_t write_all(void *cookie, const char *bytes, size_t size)
{
    struct output *output = cookie;
    size_t written = 0;

    while (written < size && !output->error) {
        ssize_t n = write_some(output->fd, bytes + written, size - written);

        if (n < 0)
            output->error = errno;
        else
            written += (size_t)n;
    }
    return output->error ? 0 : (ssize_t)size;
}

int output_open(struct output *output, int fd)
{
    *output = (struct output){.fd = fd};
    output->stream = fopencookie(output, "w", (cookie_io_functions_t){.write = write_all});
    return output->stream ? 0 : -errno;
}

int output_close(struct output *output)
{
    int closed = fclose(output->stream) == 0 ? 0 : -errno;

    output->stream = NULL;
    return output->error ? -output->error : closed;
}

static int complain(const char *program, int error)
{
    if (error)
        fprintf(stderr, "%s: standard output: %s\n", program, strerror(-error));
    return error;
}

int output_open_standard(struct output *output, const char *program)
{
    return complain(program, output_open(output, STDOUT_FILENO));
}

int output_close_standard(struct output *output, const char *program)
{
    return complain(program, output_close(output));
}
