/* SPDX-License-Identifier: MIT */
#include "client/options/dial_options.h"

#include "base/message.h"
#include "client/options/arguments.h"

enum key { KEY_SOURCE_PORT = 0x200, KEY_TTL, KEY_DSCP, KEY_ECN, KEY_MARK, KEY_DF };

static const struct argp_option options[] = {
    {"source", 'I', "SOURCE", 0, "Send from this address or network interface", 0},
    {"source-port", KEY_SOURCE_PORT, "PORT", 0, "Send from this port", 0},
    {"ttl", KEY_TTL, "HOPS", 0, "Time to live (IPv6: hop limit), 1 to 255", 0},
    {"dscp", KEY_DSCP, "CODE", 0,
     "Differentiated services code point: 0 to 63, or a name such as ef, af41 or cs1", 0},
    {"ecn", KEY_ECN, "BITS", 0, "ECN bits of datagrams, 0 to 3", 0},
    {"mark", KEY_MARK, "MARK", 0, "Firewall mark for policy routing (needs CAP_NET_ADMIN)", 0},
    {"df", KEY_DF, NULL, 0, "Do not fragment, and ignore the known path MTU", 0},
    {0},
};

static void set_source(struct argp_state *state, struct dial_source *source, const char *text)
{
    struct message error;

    if (dial_source_parse(source, text, &error) < 0)
        argp_failure(state, argp_err_exit_status, 0, "%s", error.text);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct dial_source *source = state->input;

    switch (key) {
    case 'I':
        set_source(state, source, argument);
        break;
    case KEY_SOURCE_PORT:
        source->port = (uint16_t)arguments_whole(state, "--source-port", argument, 1, UINT16_MAX);
        break;
    case KEY_TTL:
        source->ttl = (uint8_t)arguments_whole(state, "--ttl", argument, 1, UINT8_MAX);
        break;
    case KEY_DSCP:
        source->dscp = (uint8_t)arguments_dscp(state, "--dscp", argument);
        source->has_class = true;
        break;
    case KEY_ECN:
        source->ecn = (uint8_t)arguments_whole(state, "--ecn", argument, 0, 3);
        source->has_class = true;
        break;
    case KEY_MARK:
        source->mark = arguments_whole(state, "--mark", argument, 1, UINT32_MAX);
        break;
    case KEY_DF:
        source->df = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp dial_options_argp = {.options = options, .parser = parse_option};
