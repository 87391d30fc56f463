/* SPDX-License-Identifier: MIT */
#include "client/options/ask_options.h"

#include "base/message.h"
#include "client/options/arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum key { KEY_HTTP = 0x300, KEY_SEND, KEY_PROXY, KEY_PAD, KEY_WHOLE, KEY_EXPECT, KEY_WHO };

static const struct argp_option options[] = {
    {"connect", 'z', NULL, 0, "Connect only; do not wait for a greeting", 0},
    {"http", KEY_HTTP, "PATH", OPTION_ARG_OPTIONAL, "Send an HTTP request for this path (default: /)", 0},
    {"send", KEY_SEND, "TEXT|@FILE", 0,
     "Send this text (with \\n, \\r, \\t, \\\\ and \\xHH) or the contents of a file first", 0},
    {"proxy", KEY_PROXY, "v1|v2[,SRC,DST]", 0,
     "Send a PROXY header first, with the addresses of the connection or SRC and DST", 0},
    {"pad", KEY_PAD, "SIZE", 0,
     "Size of request datagrams in bytes, 0 to 65507 (default: 512; with --send: its length)", 0},
    {"whole", KEY_WHOLE, NULL, 0, "Read up to the end of file, not only to a line and 0.2 s of silence", 0},
    {"expect", KEY_EXPECT, "TEXT|/REGEX/", 0, "Count answers that do not contain or match this as losses", 0},
    {"who", KEY_WHO, "REGEX", 0,
     "Take the name of the server from the answer: the first group, or the whole match", 0},
    {0},
};

void ask_options_send(struct argp_state *state, const char *option, struct ask_options *ask, const char *text,
                      bool escapes)
{
    if (ask->message)
        argp_error(state, "%s: allowed only once", option);
    ask->message = malloc(strlen(text) + 1);
    if (!ask->message)
        argp_failure(state, argp_err_exit_status, ENOMEM, "%s", option);
    if (escapes)
        ask->message_length = arguments_unescape(state, option, text, ask->message);
    else
        ask->message_length = (size_t)(stpcpy(ask->message, text) - ask->message);
}

static void read_file(struct argp_state *state, struct ask_options *ask, const char *path)
{
    FILE *file = fopen(path, "re");

    if (ask->message)
        argp_error(state, "--send: allowed only once");
    ask->message = malloc(ASK_OPTIONS_SEND_MAX + 1);
    if (!file || !ask->message)
        argp_failure(state, argp_err_exit_status, errno, "--send: %s", path);
    ask->message_length = fread(ask->message, 1, ASK_OPTIONS_SEND_MAX + 1, file);
    if (ferror(file))
        argp_failure(state, argp_err_exit_status, errno, "--send: %s", path);
    if (ask->message_length > ASK_OPTIONS_SEND_MAX)
        argp_failure(state, argp_err_exit_status, 0, "--send: %s: file too large; allowed: 1 MiB", path);
    fclose(file);
}

static void set_send(struct argp_state *state, struct ask_options *ask, const char *text)
{
    if (text[0] == '@')
        read_file(state, ask, text + 1);
    else
        ask_options_send(state, "--send", ask, text, true);
}

static bool is_path(const char *path)
{
    for (const char *c = path; *c; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return path[0] == '/';
}

void ask_options_http(struct argp_state *state, struct ask_options *ask, const char *path)
{
    ask->http_path = path ? path : "/";
    if (!is_path(ask->http_path))
        argp_error(state, "--http: '%s' is not a path; allowed: / and ASCII without spaces", path);
}

static void check(struct argp_state *state, struct ask_options *ask)
{
    if (!ask->has_pad)
        ask->pad = ask->message ? 0 : ASK_OPTIONS_PAD;
    if (ask->http_path && ask->message)
        argp_error(state, "--http and --send cannot be combined");
    if (ask->connect_only && (ask->http_path || ask->message || ask->has_expect || ask->has_who))
        argp_error(state, "-z reads no answer and cannot be combined with --http, --send, --expect or --who");
}

static error_t parse_answer_option(int key, char *argument, struct argp_state *state)
{
    struct ask_options *ask = state->input;
    struct message error;

    switch (key) {
    case KEY_EXPECT:
        if (expect_parse(&ask->expect, argument, &error) < 0)
            argp_error(state, "--expect: %s", error.text);
        ask->has_expect = true;
        break;
    case KEY_WHO:
        if (pattern_compile(&ask->who, argument, &error) < 0)
            argp_error(state, "--who: %s", error.text);
        ask->has_who = true;
        break;
    case KEY_WHOLE:
        ask->whole = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct ask_options *ask = state->input;
    struct message error;

    switch (key) {
    case 'z':
        ask->connect_only = true;
        break;
    case KEY_HTTP:
        ask_options_http(state, ask, argument);
        break;
    case KEY_SEND:
        set_send(state, ask, argument);
        break;
    case KEY_PROXY:
        if (proxy_writer_parse(&ask->proxy, argument, &error) < 0)
            argp_error(state, "%s", error.text);
        break;
    case KEY_PAD:
        ask->pad = arguments_whole(state, "--pad", argument, 0, ASK_OPTIONS_PAD_MAX);
        ask->has_pad = true;
        break;
    case ARGP_KEY_END:
        check(state, ask);
        break;
    default:
        return parse_answer_option(key, argument, state);
    }
    return 0;
}

int ask_options_suit(const struct ask_options *ask, enum transport transport, struct message *error)
{
    if (transport_is_stream(transport))
        return 0;
    if (ask->connect_only)
        return message_set(error, "-z needs a connection, and %s has none", transport_name(transport));
    if (ask->http_path)
        return message_set(error, "--http needs a connection, and %s has none", transport_name(transport));
    if (ask->proxy.version == 1)
        return message_set(error, "--proxy: v1 needs a connection, and %s has none; use v2",
                           transport_name(transport));
    return 0;
}

const struct argp ask_options_argp = {.options = options, .parser = parse_option};

void ask_options_free(struct ask_options *ask)
{
    free(ask->message);
    if (ask->has_expect)
        expect_free(&ask->expect);
    if (ask->has_who)
        pattern_free(&ask->who);
}
