/* SPDX-License-Identifier: MIT */
#include "client/ask/payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t padded(const struct attempt *attempt, size_t length)
{
    size_t pad = attempt->settings->pad;

    return !transport_is_stream(attempt->transport) && length < pad ? pad : length;
}

int payload_build(struct attempt *attempt)
{
    const struct request_settings *settings = attempt->settings;
    char header[PROXY_WRITER_MAX];
    size_t header_length = proxy_writer_write(&settings->proxy, transport_socket_type(attempt->transport),
                                              &attempt->local, &attempt->peer, header);
    size_t length = header_length + settings->message_length;

    attempt->request_length = padded(attempt, length);
    if (attempt->request_length == 0)
        return 0;
    attempt->request = calloc(1, attempt->request_length);
    if (!attempt->request)
        return ENOMEM;
    memcpy(attempt->request, header, header_length);
    if (settings->message_length > 0)
        memcpy(attempt->request + header_length, settings->message, settings->message_length);
    return 0;
}
