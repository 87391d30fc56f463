/* SPDX-License-Identifier: MIT */
#include "client/report/phrases.h"

#include "base/util.h"

#include <string.h>

void phrases_target(char text[PHRASES_PLACE_MAX], const struct target *target)
{
    const struct endpoint *endpoint = &target->endpoint;

    if (transport_is_unix(endpoint->transport))
        snprintf(text, PHRASES_PLACE_MAX, "%s", target->label);
    else if (strchr(endpoint->host, ':'))
        snprintf(text, PHRASES_PLACE_MAX, "[%s]:%s", endpoint->host, endpoint->port);
    else
        snprintf(text, PHRASES_PLACE_MAX, "%s:%s", endpoint->host, endpoint->port);
}

void phrases_place(char text[PHRASES_PLACE_MAX], const struct target *target, const struct attempt *attempt)
{
    char place[PHRASES_PLACE_MAX];

    if (attempt && !transport_is_unix(target->endpoint.transport))
        address_text(&attempt->peer, place, sizeof(place));
    else
        phrases_target(place, target);
    snprintf(text, PHRASES_PLACE_MAX, "%.480s %s", place, transport_name(target->endpoint.transport));
}

const struct attempt *phrases_preferred(const struct request *request)
{
    if (request->outcome != OUTCOME_ANSWERED || request->attempt_count < 2 ||
        request->decisive == &request->attempts[0])
        return NULL;
    return &request->attempts[0];
}

void phrases_instead(FILE *out, const struct attempt *preferred)
{
    char host[ADDRESS_TEXT_MAX];

    address_host(&preferred->peer, host, sizeof(host));
    fprintf(out, "instead of %s (%s)", host,
            preferred->cancelled ? outcome_word(OUTCOME_TIMEOUT) : outcome_word(preferred->outcome));
}

int phrases_fit(const struct terminal *terminal, size_t used, const char *text)
{
    const char *remark = strstr(text, " (");
    size_t length = strlen(text);

    return (int)(remark && used + length > terminal->width ? (size_t)(remark - text) : length);
}

double phrases_ms(int64_t ns)
{
    return (double)ns / (double)NS_PER_MS;
}
