/* SPDX-License-Identifier: MIT */
#include "client/ask/payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t padded(const struct attempt *attempt, size_t length)
{
    size_t pad = attempt->asking->pad;

    return transport_socket_type(attempt->transport) == SOCK_DGRAM && length < pad ? pad : length;
}

int payload_build(struct attempt *attempt)
{
    const struct asking *asking = attempt->asking;
    char header[PROXY_WRITER_MAX];
    size_t header_length = proxy_writer_write(&asking->proxy, transport_socket_type(attempt->transport),
                                              &attempt->local, &attempt->peer, header);
    size_t length = header_length + asking->message_length;

    attempt->request_length = padded(attempt, length);
    if (attempt->request_length == 0)
        return 0;
    attempt->request = calloc(1, attempt->request_length);
    if (!attempt->request)
        return ENOMEM;
    memcpy(attempt->request, header, header_length);
    if (asking->message_length > 0)
        memcpy(attempt->request + header_length, asking->message, asking->message_length);
    return 0;
}
