/* SPDX-License-Identifier: MIT */
#include "client/errors.h"

#include "base/util.h"

#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void in_lower_case(char *text, size_t size, const char *sentence)
{
    snprintf(text, size, "%s", sentence);
    /* "Connection refused" starts low within a line, "RPC failed" does not. */
    if (isupper((unsigned char)text[0]) && !isupper((unsigned char)text[1]))
        text[0] = (char)tolower((unsigned char)text[0]);
}

void words_errno(char *text, size_t size, int error)
{
    const char *description = strerrordesc_np(error);

    in_lower_case(text, size, description ? description : "unknown error");
}

void words_timeout(char *text, size_t size, int64_t nanoseconds)
{
    double seconds = (double)nanoseconds / (double)NS_PER_S;

    snprintf(text, size, "timed out after %.*f s", seconds < 0.1 ? 3 : 1, seconds);
}

static const char *family_name(int family)
{
    return family == AF_INET ? "IPv4" : family == AF_INET6 ? "IPv6" : "IP";
}

void words_lookup(char *text, size_t size, const struct words_lookup *lookup)
{
    switch (lookup->code) {
    case EAI_NONAME:
        snprintf(text, size, "no such host");
        break;
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        snprintf(text, size, "no %s address", family_name(lookup->family));
        break;
    case EAI_SERVICE:
        snprintf(text, size, "no such service");
        break;
    case EAI_AGAIN:
        snprintf(text, size, "the name service does not answer");
        break;
    case EAI_CANCELED:
        words_timeout(text, size, lookup->nanoseconds);
        break;
    case EAI_SYSTEM:
        words_errno(text, size, lookup->error);
        break;
    default:
        in_lower_case(text, size, gai_strerror(lookup->code));
    }
}
