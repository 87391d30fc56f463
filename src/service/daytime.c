/* SPDX-License-Identifier: MIT */
#include "service/daytime.h"

/* The shorter of the two forms in RFC 867: it fits into the answer to an empty datagram from any source. */
#define FORM    "%d %b %Y %H:%M:%S UTC\r\n"
#define LONGEST (sizeof("22 FEB 1982 17:37:43 UTC\r\n") - 1)

static const struct plan plan = {.service = &service_daytime, .time = PLAN_SECOND, .longest = LONGEST};

static size_t answer(const struct plan *unused, const struct occasion *occasion, char *out)
{
    char text[LONGEST + 1];
    size_t length = strftime(text, sizeof(text), FORM, &occasion->moment->broken_down);

    (void)unused;
    for (size_t i = 0; i < length; i++)
        out[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
    return length;
}

const struct service service_daytime = {
    .name = "daytime", .transports = SERVICE_ON_ALL, .fixed = &plan, .answer = answer};
