/* SPDX-License-Identifier: MIT */
/* What --path makes of a greeting. The first byte is the transport and what was sent; the rest is the
 * greeting. Whatever it is, what is taken from it is in its range, and what is printed is plain text. */
#include "client/mode/path_json.h"
#include "client/mode/path_text.h"
#include "client/mode/path_verdicts.h"
#include "client/report/json.h"
#include "fuzz.h"

#include <jansson.h>

#define LINES_MAX (PATH_TOPIC_COUNT + 1)

static void check_address(const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];

    if (address->length == 0)
        return;
    address_text(address, text, sizeof(text));
    FUZZ_CHECK(text[0] && fuzz_is_plain(text));
}

static bool is_within(int number, int max)
{
    return number >= -1 && number <= max;
}

static void check_seen(const struct path_seen *seen)
{
    check_address(&seen->client);
    check_address(&seen->server);
    check_address(&seen->proxy);
    FUZZ_CHECK(is_within(seen->ttl, 255) && is_within(seen->dscp, 63) &&
               is_within(seen->ecn, PATH_ECN_ASKED));
    FUZZ_CHECK(is_within(seen->mss, 65535) && is_within(seen->proxied, 1));
    FUZZ_CHECK(seen->rtt_ms >= -1 && seen->rtt_ms < 1e7);
    FUZZ_CHECK(strlen(seen->options) < PATH_SEEN_LETTERS && fuzz_is_plain(seen->options));
    FUZZ_CHECK(strlen(seen->instance) < PATH_SEEN_NAME && fuzz_is_plain(seen->instance));
    FUZZ_CHECK((seen->says == PATH_SAYS_ENOUGH) == (seen->client.length > 0));
}

static void check_text(const struct target *target, const struct path_leg *leg)
{
    char *text = NULL;
    size_t length, lines = 0;
    FILE *out = open_memstream(&text, &length);

    FUZZ_CHECK(out);
    path_text_print(out, target, leg, 1);
    FUZZ_CHECK(fclose(out) == 0);
    for (char *at = text, *end; (end = strchr(at, '\n')); at = end + 1, lines++) {
        *end = '\0';
        FUZZ_CHECK(fuzz_is_plain(at) && *at);
    }
    FUZZ_CHECK(lines > 0 && lines <= LINES_MAX);
    free(text);
}

static void check_json(const struct target *target, const struct path_leg *leg)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    json_t *object;

    FUZZ_CHECK(out && report_json_print(out, path_json_event(target, leg, 1, NULL, 0)));
    FUZZ_CHECK(fclose(out) == 0 && length > 0 && text[length - 1] == '\n');
    text[length - 1] = '\0';
    FUZZ_CHECK(fuzz_is_plain(text));
    object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_CHECK(object);
    json_decref(object);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned flags = (unsigned)input_number(&input, 1);
    struct target target = {.label = "x"};
    struct path_leg leg = {.transport = flags & 1 ? TRANSPORT_UDP : TRANSPORT_TCP,
                           .outcome = OUTCOME_ANSWERED,
                           .ttl = flags & 2 ? 64 : PATH_UNKNOWN,
                           .dscp = 46,
                           .ecn = flags & 4 ? 2 : 0,
                           .mss = 1460,
                           .offered = flags >> 3 & 7,
                           .back_mss = 1400,
                           .own_mtu = flags & 64 ? 1500 : PATH_UNKNOWN};

    address_set_any(&leg.local, AF_INET6);
    address_set_any(&leg.peer, AF_INET);
    path_seen_parse(&leg.seen, (const char *)input.at, input.left);
    check_seen(&leg.seen);
    check_text(&target, &leg);
    check_json(&target, &leg);
    return 0;
}
