/* SPDX-License-Identifier: MIT */
#include "client/mode/path_text.h"

#include "base/util.h"
#include "client/mode/path_verdicts.h"

#include <err.h>
#include <string.h>

#define LEGS_MAX   2
#define DETAIL_MAX 512
#define PLACE_MAX  (ADDRESS_TEXT_MAX + 8)

static const struct path_verdict *find(const struct path_verdicts *verdicts, enum path_topic topic)
{
    for (size_t i = 0; i < verdicts->count; i++)
        if (verdicts->list[i].topic == topic)
            return &verdicts->list[i];
    return NULL;
}

static void print_topic(FILE *out, enum path_topic topic, const struct path_verdicts *verdicts,
                        const struct path_leg *legs, size_t count)
{
    const struct path_verdict *first = find(&verdicts[0], topic);
    const struct path_verdict *second = count > 1 ? find(&verdicts[1], topic) : NULL;

    if (count == 1 && first)
        fprintf(out, "%s\n", first->text);
    else if (first && second && strcmp(first->text, second->text) == 0)
        fprintf(out, "%s (%s, %s)\n", first->text, transport_name(legs[0].transport),
                transport_name(legs[1].transport));
    else {
        if (first)
            fprintf(out, "%s (%s)\n", first->text, transport_name(legs[0].transport));
        if (second)
            fprintf(out, "%s (%s)\n", second->text, transport_name(legs[1].transport));
    }
}

static void print_header(FILE *out, const struct target *target, const struct path_leg *legs, size_t count)
{
    const char *name = target->endpoint.host;
    char host[ADDRESS_TEXT_MAX], peer[ADDRESS_TEXT_MAX];
    const char *transports = count > 1 ? "tcp and udp" : transport_name(legs[0].transport);

    address_host(&legs[0].peer, host, sizeof(host));
    address_text(&legs[0].peer, peer, sizeof(peer));
    if (strcmp(name, host) == 0)
        fprintf(out, "path to %s over %s\n", peer, transports);
    else
        fprintf(out, "path to %s (%s) over %s\n", name, peer, transports);
}

void path_text_print(FILE *out, const struct target *target, const struct path_leg *legs, size_t count)
{
    static struct path_verdicts verdicts[LEGS_MAX];

    for (size_t i = 0; i < count; i++)
        path_verdicts_judge(&verdicts[i], &legs[i]);
    print_header(out, target, legs, count);
    for (enum path_topic topic = 0; topic < PATH_TOPIC_COUNT; topic++)
        print_topic(out, topic, verdicts, legs, count);
}

/* Appends "name number" where the number is known. */
static void add_number(char *text, const char *name, int number)
{
    size_t length = strlen(text);

    if (number >= 0)
        snprintf(text + length, DETAIL_MAX - length, ", %s %d", name, number);
}

static void add_text(char *text, const char *name, const char *value)
{
    size_t length = strlen(text);

    if (*value)
        snprintf(text + length, DETAIL_MAX - length, ", %s %s", name, value);
}

/* "198.51.100.7:12345 tcp". */
static const char *place_of(const struct path_leg *leg, char text[PLACE_MAX])
{
    char peer[ADDRESS_TEXT_MAX];

    address_text(&leg->peer, peer, sizeof(peer));
    snprintf(text, PLACE_MAX, "%s %s", peer, transport_name(leg->transport));
    return text;
}

static void print_sent(const struct path_leg *leg)
{
    char from[ADDRESS_TEXT_MAX], place[PLACE_MAX], text[DETAIL_MAX] = "";

    address_text(&leg->local, from, sizeof(from));
    add_number(text, "hop limit", leg->ttl);
    add_number(text, "DSCP", leg->dscp);
    add_number(text, "ECN", leg->ecn);
    add_number(text, "MSS", leg->mss);
    if (leg->request_size > 0)
        add_number(text, "bytes", leg->request_size);
    warnx("%s: sent from %s%s", place_of(leg, place), from, text);
}

static void print_seen(const struct path_leg *leg)
{
    const struct path_seen *seen = &leg->seen;
    char from[ADDRESS_TEXT_MAX], to[ADDRESS_TEXT_MAX] = "?";
    char place[PLACE_MAX], text[DETAIL_MAX] = "";

    address_text(&seen->client, from, sizeof(from));
    if (seen->server.length > 0)
        address_text(&seen->server, to, sizeof(to));
    add_number(text, "hop limit", seen->ttl);
    add_number(text, "DSCP", seen->dscp);
    add_number(text, "ECN", seen->ecn);
    add_number(text, "MSS", seen->mss);
    add_text(text, "TCP options", seen->options);
    add_number(text, "path MTU", seen->path_mtu);
    warnx("%s: received from %s at %s%s", place_of(leg, place), from, to, text);
}

static void print_back(const struct path_leg *leg)
{
    char place[PLACE_MAX], text[DETAIL_MAX] = "";

    add_number(text, "hop limit", leg->back_ttl);
    add_number(text, "DSCP", leg->back_dscp);
    add_number(text, "MSS", leg->back_mss);
    if (leg->mtu.datagrams > 0)
        add_number(text, "path MTU probes", (int)leg->mtu.datagrams);
    warnx("%s: answered%s", place_of(leg, place), text);
}

void path_text_details(const struct path_leg *leg)
{
    char place[PLACE_MAX];

    if (leg->local.length > 0)
        print_sent(leg);
    if (leg->seen.says == PATH_SAYS_ENOUGH)
        print_seen(leg);
    if (leg->outcome == OUTCOME_ANSWERED)
        print_back(leg);
    else
        warnx("%s: %s: %s", place_of(leg, place), outcome_word(leg->outcome), leg->error);
}
