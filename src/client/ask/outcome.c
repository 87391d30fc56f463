/* SPDX-License-Identifier: MIT */
#include "client/ask/outcome.h"

#include <errno.h>

#define OUTCOME_WORD(id, word) word,

const char *outcome_word(enum outcome outcome)
{
    static const char *const words[] = {OUTCOMES(OUTCOME_WORD)};

    return words[outcome];
}

enum outcome outcome_of_errno(int error)
{
    switch (error) {
    case 0:
        return OUTCOME_ANSWERED;
    case ECONNREFUSED:
    case ENOENT: /* a Unix socket's path */
        return OUTCOME_REFUSED;
    case ETIMEDOUT:
        return OUTCOME_TIMEOUT;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
        return OUTCOME_RESET;
    case EACCES: /* administratively prohibited, over IPv6 */
    case EAFNOSUPPORT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT: /* protocol unreachable */
    case EPERM:       /* a filter of this machine */
        return OUTCOME_UNREACHABLE;
    default:
        return OUTCOME_OTHER;
    }
}
