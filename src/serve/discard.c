/* SPDX-License-Identifier: MIT */
#include "serve/discard.h"

#include <errno.h>
#include <sys/socket.h>

#define DISCARD_MAX    (64 * 1024) /* bytes of input discarded per client */
#define DISCARD_BUFFER (16 * 1024)

/* MSG_TRUNC discards TCP input in the kernel (tcp(7)); for a Unix socket it is copied. */
enum input discard_input(struct conn *conn)
{
    char buffer[DISCARD_BUFFER] __attribute__((uninitialized)); /* zeroing it would cost more than the call */
    enum input input = INPUT_NONE;

    for (;;) {
        ssize_t n = recv(conn->fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);

        if (n == 0)
            return INPUT_END;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? input : INPUT_RESET;
        input = INPUT_SOME;
        conn->discarded += (uint32_t)n;
        if (conn->discarded > DISCARD_MAX)
            return INPUT_TOO_MUCH;
    }
}
