/* SPDX-License-Identifier: MIT */
#include "client/options/check_options.h"

#include "base/endpoint.h"
#include "base/message.h"
#include "base/util.h"
#include "client/exit_profile.h"
#include "client/options/arguments.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum key { KEY_USAGE = 0x100 };

static const char doc[] =
    "Ask a server for its greeting, and report its state to Nagios, Icinga and other monitors.\n"
    "\v"
    "A RANGE is in seconds; times outside it alert: 0.5 (from 0 to 0.5), 0.1:0.5, 0.1: (no upper end), ~:0.5 "
    "(no lower end). With a leading @ times inside it alert.\n"
    "\n"
    "Exit status: 0 OK, 1 WARNING, 2 CRITICAL (no answer, or not the expected one), 3 UNKNOWN.\n";

static const char usage[] =
    "Usage: check_sockgreet [OPTION...] -H TARGET [-p PORT] [-w RANGE] [-c RANGE]\n"
    "Try 'check_sockgreet --help' for all options, 'man check_sockgreet' for the manual.\n";

static const struct argp_option options[] = {
    {"hostname", 'H', "TARGET", 0, "Host, or any other TARGET of sockgreet(1)", 1},
    {"port", 'p', "PORT", 0, "Port, by number or name (default: " ENDPOINT_DEFAULT_PORT ")", 0},
    {"use-ipv4", '4', NULL, 0, "Use IPv4 only", 0},
    {"use-ipv6", '6', NULL, 0, "Use IPv6 only", 0},
    {"udp", 'u', NULL, 0, "Use UDP", 0},
    {"escape", 'E', NULL, 0, "Interpret \\n, \\r, \\t, \\\\ and \\xHH in a -s that follows", 0},
    {"send", 's', "TEXT", 0, "Send this text first", 0},
    {"expect", 'e', "TEXT|/REGEX/", 0, "Text that the answer must contain, or expression that it must match",
     0},
    {"http", 'x', "PATH", OPTION_ARG_OPTIONAL, "Send an HTTP request for this path (default: /)", 0},
    {"warning", 'w', "RANGE", 0, "WARNING if the time of the answer is outside this range", 0},
    {"critical", 'c', "RANGE", 0, "CRITICAL if the time of the answer is outside this range", 0},
    {"timeout", 't', "TIME", 0, "Wait this long for the answer (default: 10s)", 0},
    {"verbose", 'v', NULL, 0, "Print each step on standard error", 0},
    {NULL, 0, NULL, 0, "Help:", -1},
    {"help", 'h', NULL, 0, "Print this help", 0},
    {"usage", KEY_USAGE, NULL, 0, "Print a short usage message", 0},
    {"version", 'V', NULL, 0, "Print the version", 0},
    {0},
};

struct parsing {
    struct check_options *options;
    struct streams *streams;
    bool escapes;
};

static void set_range(struct argp_state *state, const char *option, const char *text,
                      struct nagios_range *range, bool *has_range)
{
    struct message error;

    if (nagios_range_parse(range, text, &error) < 0)
        argp_error(state, "%s: %s", option, error.text);
    *has_range = true;
}

static void set_expect(struct argp_state *state, struct ask_options *ask, const char *text)
{
    struct message error;

    if (expect_parse(&ask->expect, text, &error) < 0)
        argp_error(state, "-e: %s", error.text);
    ask->has_expect = true;
}

__attribute__((noreturn)) static void print_and_exit(struct argp_state *state, struct parsing *parsing,
                                                     int key)
{
    FILE *out = parsing->streams->output.stream;

    if (key == 'V')
        fprintf(out, "check_sockgreet (sockgreet %s)\n", PACKAGE_VERSION);
    else
        argp_state_help(state, out,
                        key == KEY_USAGE ? ARGP_HELP_USAGE
                                         : ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK);
    streams_flush(parsing->streams);
    exit(exit_profile_status(EXIT_PROFILE_NAGIOS, NAGIOS_UNKNOWN));
}

static void set_operand(struct argp_state *state, struct check_options *check, char *operand)
{
    if (check->operand)
        argp_error(state, "only one host is allowed; remove '%s'", operand);
    check->operand = operand;
}

static error_t parse_answer_option(int key, char *argument, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    struct check_options *check = parsing->options;
    struct ask_options *ask = &check->cmdline.ask;

    switch (key) {
    case 'E':
        parsing->escapes = true;
        break;
    case 's':
        ask_options_send(state, "-s", ask, argument, parsing->escapes);
        break;
    case 'e':
        set_expect(state, ask, argument);
        break;
    case 'x':
        ask_options_http(state, ask, argument);
        break;
    case 'w':
        set_range(state, "-w", argument, &check->warning, &check->has_warning);
        break;
    case 'c':
        set_range(state, "-c", argument, &check->critical, &check->has_critical);
        break;
    case 't':
        check->cmdline.timeout_ns = arguments_duration(state, "-t", argument, NS_PER_MS);
        break;
    case 'v':
        check->cmdline.verbose = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    struct check_options *check = parsing->options;

    switch (key) {
    case 'H':
    case ARGP_KEY_ARG:
        set_operand(state, check, argument);
        break;
    case 'p':
        check->cmdline.port = arguments_port(state, "-p", argument);
        break;
    case '4':
        check->cmdline.family = AF_INET;
        break;
    case '6':
        check->cmdline.family = AF_INET6;
        break;
    case 'u':
        check->cmdline.udp = true;
        break;
    case 'h':
    case 'V':
    case KEY_USAGE:
        print_and_exit(state, parsing, key);
    case ARGP_KEY_END:
        if (!check->operand)
            argp_error(state, "no host: give -H");
        break;
    default:
        return parse_answer_option(key, argument, state);
    }
    return 0;
}

void check_options_parse(struct check_options *check, int argc, char **argv, struct streams *streams)
{
    static const struct argp argp = {
        .options = options, .parser = parse_option, .args_doc = "-H TARGET", .doc = doc};
    struct parsing parsing = {.options = check, .streams = streams};

    *check = (struct check_options){.cmdline = {.family = AF_UNSPEC, .timeout_ns = 10 * NS_PER_S}};
    argv[0] = program_invocation_short_name; /* for the messages of getopt */
    argp_err_exit_status = exit_profile_status(EXIT_PROFILE_NAGIOS, NAGIOS_UNKNOWN);
    if (argc == 1) {
        fputs(usage, stderr);
        exit(argp_err_exit_status);
    }
    argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &parsing);
    if (!check->cmdline.ask.message)
        check->cmdline.ask.pad = ASK_OPTIONS_PAD;
    check->cmdline.operands = &check->operand;
    check->cmdline.operand_count = 1;
}
