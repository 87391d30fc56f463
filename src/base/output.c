/* SPDX-License-Identifier: MIT */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int wait_for_ever(void *context, int fd)
{
    (void)context;
    poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
    return 0;
}

/* A pipe that poll() reports as writable takes PIPE_BUF bytes at once; a larger write() could block forever.
 * EAGAIN: another user of the pipe has set O_NONBLOCK; stdio would drop its buffer then. */
static ssize_t write_some(struct output *output, const char *bytes, size_t size)
{
    for (;;) {
        ssize_t n;

        errno = output->wait(output->context, output->fd);
        if (errno)
            return -1;
        n = write(output->fd, bytes, size < PIPE_BUF ? size : PIPE_BUF);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
    }
}

/* As fopencookie(3) wants it: 0 is a failure. */
static ssize_t write_all(void *cookie, const char *bytes, size_t size)
{
    struct output *output = cookie;
    size_t written = 0;

    while (written < size && !output->error) {
        ssize_t n = write_some(output, bytes + written, size - written);

        if (n < 0)
            output->error = errno;
        else
            written += (size_t)n;
    }
    return output->error ? 0 : (ssize_t)size;
}

int output_open_waiting(struct output *output, int fd, output_wait *wait, void *context)
{
    *output = (struct output){.fd = fd, .wait = wait, .context = context};
    output->stream = fopencookie(output, "w", (cookie_io_functions_t){.write = write_all});
    if (!output->stream)
        return -errno;
    if (isatty(fd))
        setvbuf(output->stream, NULL, _IOLBF, 0);
    return 0;
}

int output_open(struct output *output, int fd)
{
    return output_open_waiting(output, fd, wait_for_ever, NULL);
}

int output_flush(struct output *output)
{
    int flushed = fflush(output->stream) == 0 ? 0 : -errno;

    return output->error ? -output->error : flushed;
}

int output_close(struct output *output)
{
    int closed = fclose(output->stream) == 0 ? 0 : -errno;

    output->stream = NULL;
    return output->error ? -output->error : closed;
}

static int complain(const char *program, int error)
{
    if (error && error != -EPIPE)
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

int output_replace_stderr(struct output *output, output_wait *wait, void *context)
{
    int error = output_open_waiting(output, STDERR_FILENO, wait ? wait : wait_for_ever, context);

    if (error)
        return error;
    setvbuf(output->stream, NULL, _IOLBF, 0);
    stderr = output->stream;
    return 0;
}

void output_occupy_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}
