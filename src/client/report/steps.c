/* SPDX-License-Identifier: MIT */
#include "client/report/steps.h"

#include "client/report/phrases.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 8 /* addresses of a name */

void steps_looked_up(const struct visit *visit)
{
    const struct addresses *addresses = &visit->addresses;
    char list[SHOWN_MAX * 64] = "";
    char host[ADDRESS_TEXT_MAX];

    if (!visit->is_name || addresses->code)
        return;
    for (size_t i = 0; i < addresses->count && i < SHOWN_MAX; i++) {
        size_t length = strlen(list);

        address_host(&addresses->list[i], host, sizeof(host));
        snprintf(list + length, sizeof(list) - length, "%s%.60s", i ? ", " : "", host);
    }
    warnx("%s: looked up in %.3f ms: %s%s", visit->target->endpoint.host, phrases_ms(addresses->took_ns),
          list, addresses->count > SHOWN_MAX ? ", ..." : "");
}

static void print_connected(const char *place, const struct attempt *attempt)
{
    char local[ADDRESS_TEXT_MAX];

    address_text(&attempt->local, local, sizeof(local));
    if (transport_is_stream(attempt->transport))
        warnx("%s: connected in %.3f ms%s%s", place, phrases_ms(attempt->connected_ns - attempt->started_ns),
              local[0] ? " from " : "", local);
    else
        warnx("%s: sending from %s", place, local);
}

void steps_step(const struct request *request, const struct attempt *attempt, enum request_step step)
{
    char place[PHRASES_PLACE_MAX];

    phrases_place(place, request->target, attempt);
    if (step == REQUEST_TRYING)
        warnx("%s: trying", place);
    else if (step == REQUEST_CONNECTED)
        print_connected(place, attempt);
    else
        warnx("%s: %s: %s", place, outcome_word(attempt->outcome), attempt->text);
}

void steps_answered(const struct request *request)
{
    const struct attempt *attempt = request->decisive;
    char place[PHRASES_PLACE_MAX];

    phrases_place(place, request->target, attempt);
    if (attempt->first_ns)
        warnx("%s: %zu bytes, the first after %.3f ms, the %s after %.3f ms", place, attempt->length,
              phrases_ms(request_first_byte(request)), attempt->unended ? "last" : "end",
              phrases_ms(request_time(request)));
    for (size_t i = 0; i < request->attempt_count; i++)
        if (request->attempts[i].cancelled) {
            phrases_place(place, request->target, &request->attempts[i]);
            warnx("%s: cancelled, another address was faster", place);
        }
}
