/* SPDX-License-Identifier: MIT */
#include "serve/accept.h"

#include <errno.h>

enum accept_verdict accept_judge(int error)
{
    switch (error) {
    case EAGAIN:
        return ACCEPT_EMPTY;
    case EINVAL:
        return ACCEPT_SHUT;
    case EINTR:
    case ECONNABORTED: /* the client was gone before it was accepted, or its route */
    case EPERM:        /* a firewall rule forbids it */
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
        return ACCEPT_NEXT;
    default: /* EMFILE, ENFILE, ENOBUFS, ENOMEM, and unexpected errors */
        return ACCEPT_PAUSE;
    }
}
