/* SPDX-License-Identifier: MIT */
#include "ctl/exchange.h"

#include "base/util.h"
#include "control/protocol.h"
#include "ctl/memory.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define READ_MIN 65536

struct buffer {
    char *bytes;
    size_t used, size;
};

/* False if the time is over. */
static bool wait_readable(int fd, int64_t until_ns)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    int64_t left_ns = until_ns - monotonic_ns();

    if (left_ns <= 0)
        return false;
    poll(&readable, 1, (int)(left_ns / NS_PER_MS) + 1);
    return true;
}

/* At most one byte more than an answer may have. */
static void make_room(struct buffer *buffer)
{
    if (buffer->used < buffer->size)
        return;
    buffer->size = buffer->size * 2 + READ_MIN;
    if (buffer->size > EXCHANGE_MAX)
        buffer->size = EXCHANGE_MAX + 1;
    buffer->bytes = memory_checked(realloc(buffer->bytes, buffer->size));
}

/* A service that answers without having read the request and closes makes the answer end in ECONNRESET. */
static bool is_end(const struct buffer *buffer, ssize_t n)
{
    return n == 0 || (n < 0 && errno == ECONNRESET && buffer->used > 0);
}

static int read_all(int fd, struct buffer *buffer, int64_t until_ns)
{
    while (wait_readable(fd, until_ns)) {
        ssize_t n;

        make_room(buffer);
        n = recv(fd, buffer->bytes + buffer->used, buffer->size - buffer->used, 0);
        if (is_end(buffer, n))
            return buffer->used > 0 ? 0 : -ENODATA;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return errno == ECONNRESET ? -ENODATA : -errno;
        buffer->used += n > 0 ? (size_t)n : 0;
        if (buffer->used > EXCHANGE_MAX)
            return -EMSGSIZE;
    }
    return -ETIMEDOUT;
}

ssize_t exchange_run(int fd, const char *request, int64_t until_ns, char **answer)
{
    char line[PROTOCOL_REQUEST_MAX + 1];
    struct buffer buffer = {0};
    int length = snprintf(line, sizeof(line), "%s\n", request), error;

    if (send(fd, line, (size_t)length, MSG_NOSIGNAL) < 0 &&
        errno != EPIPE) /* EPIPE: its answer may say why */
        return -errno;
    error = read_all(fd, &buffer, until_ns);
    if (error < 0) {
        free(buffer.bytes);
        return error;
    }
    *answer = buffer.bytes;
    return (ssize_t)buffer.used;
}
