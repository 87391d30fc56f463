/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "client/options.h"

#include "base/endpoint.h"
#include "base/util.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SECONDS_MAX 1000000.0

enum key { KEY_PAD = 0x100, KEY_RESOLVE, KEY_USAGE };

static const char arguments_doc[] = "TARGET...\nHOST PORT\n--resolve [HOST...]";

static const char doc[] =
    "Ask for a greeting and print it.\n"
    "\n"
    "A TARGET is HOST, HOST:PORT, [IPV6]:PORT, IPV6, tcp://HOST[:PORT], udp://HOST[:PORT], unix:PATH or "
    "unix-dgram:PATH; the port is " ENDPOINT_DEFAULT_PORT " unless said."
    "\v"
    "Examples:\n"
    "  sockgreet localhost                  the greeting of this machine\n"
    "  sockgreet 192.0.2.7 2000             another machine, another port\n"
    "  sockgreet -u -c 5 '[2001:db8::7]'    five times over UDP, with times\n"
    "  sockgreet -c 0 -i 0.1 a.example:80   until Ctrl-C, ten times a second\n"
    "  sockgreet unix:/run/sockgreet/greet.sock\n"
    "  sockgreet --resolve localhost        what the name means\n"
    "\n"
    "Exit status: 0 answered, 1 no answer (or fewer than -c asked for), 2 wrong usage or a local error.\n";

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Where to:", 1},
    {"ipv4", '4', NULL, 0, "Use IPv4 only", 0},
    {"ipv6", '6', NULL, 0, "Use IPv6 only", 0},
    {"udp", 'u', NULL, 0, "Ask over UDP where the target does not say how", 0},
    {"port", 'p', "PORT", 0, "Port, by number or name, of targets that name none", 0},
    {"source", 'I', "SOURCE", 0, "Ask from this address or network interface", 0},
    {"pad", KEY_PAD, "SIZE", 0, "Bytes of a datagram that asks, 0 to 65507 (default 512)", 0},
    {NULL, 0, NULL, 0, "How often and how long:", 2},
    {"count", 'c', "COUNT", 0, "Ask COUNT times, with a line per answer and a summary; 0: until Ctrl-C", 0},
    {"interval", 'i', "SECONDS", 0, "With -c: from one request to the next (default 1)", 0},
    {"timeout", 'W', "SECONDS", 0, "Wait so long for each answer (default 5)", 0},
    {"deadline", 'w', "SECONDS", 0, "Stop after so long, whatever is outstanding", 0},
    {NULL, 0, NULL, 0, "What to print:", 3},
    {"quiet", 'q', NULL, 0, "No greeting; with -c the summary only", 0},
    {"verbose", 'v', NULL, 0, "Tell each step on standard error", 0},
    {"resolve", KEY_RESOLVE, NULL, 0, "Ask nobody, print a table of what the names mean", 0},
    {NULL, 0, NULL, 0, "About the program:", -1},
    {"help", '?', NULL, 0, "Give this help list", 0},
    {"usage", KEY_USAGE, NULL, 0, "Give a short usage message", 0},
    {"version", 'V', NULL, 0, "Print program version", 0},
    {0},
};

struct parsing {
    struct cmdline *cmdline;
    struct streams *streams;
};

static struct cmdline *cmdline_of(const struct argp_state *state)
{
    const struct parsing *parsing = state->input;

    return parsing->cmdline;
}

static double number_from(struct argp_state *state, const char *option, const char *text, double min,
                          double max)
{
    char *end;
    double number = strtod(text, &end);

    if (strspn(text, "0123456789.") != strlen(text) || end == text || *end || number < min || number > max)
        argp_error(state, "%s: '%s' is not a number from %g to %.0f", option, text, min, max);
    return number;
}

static unsigned whole_from(struct argp_state *state, const char *option, const char *text, unsigned max)
{
    double number = number_from(state, option, text, 0, max);

    if (strchr(text, '.'))
        argp_error(state, "%s: '%s' is not a whole number", option, text);
    return (unsigned)number;
}

static int64_t seconds_from(struct argp_state *state, const char *option, const char *text, double min)
{
    return (int64_t)(number_from(state, option, text, min, SECONDS_MAX) * (double)NS_PER_S);
}

static void take_family(struct argp_state *state, struct cmdline *cmdline, int family)
{
    if (cmdline->family != AF_UNSPEC && cmdline->family != family)
        argp_error(state, "-4 and -6 exclude each other; without them both are tried");
    cmdline->family = family;
}

static void take_port(struct argp_state *state, struct cmdline *cmdline, const char *port)
{
    if (!endpoint_port_valid(port))
        argp_error(state, "-p: '%s' is neither a number from 1 to 65535 nor the name of a service", port);
    cmdline->port = port;
}

static void take_count(struct argp_state *state, struct cmdline *cmdline, const char *count)
{
    cmdline->counting = true;
    cmdline->count = whole_from(state, "-c", count, 1000000000);
}

static void take_operands(struct argp_state *state, struct cmdline *cmdline)
{
    cmdline->operands = state->argv + state->next;
    cmdline->operand_count = (size_t)(state->argc - state->next);
    state->next = state->argc;
}

static void check(struct argp_state *state, const struct cmdline *cmdline)
{
    if (cmdline->operand_count == 0 && !cmdline->resolve)
        argp_error(state, "no target");
    if (cmdline->interval_ns >= 0 && !cmdline->counting)
        argp_error(state, "-i needs -c");
}

static error_t take_target_option(int key, char *argument, struct argp_state *state)
{
    struct cmdline *cmdline = cmdline_of(state);

    switch (key) {
    case '4':
        take_family(state, cmdline, AF_INET);
        break;
    case '6':
        take_family(state, cmdline, AF_INET6);
        break;
    case 'u':
        cmdline->udp = true;
        break;
    case 'p':
        take_port(state, cmdline, argument);
        break;
    case 'I':
        cmdline->source = argument;
        break;
    case KEY_PAD:
        cmdline->pad = whole_from(state, "--pad", argument, CMDLINE_PAD_MAX);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t take_time_option(int key, char *argument, struct argp_state *state)
{
    struct cmdline *cmdline = cmdline_of(state);

    switch (key) {
    case 'c':
        take_count(state, cmdline, argument);
        break;
    case 'i':
        cmdline->interval_ns = seconds_from(state, "-i", argument, 0);
        break;
    case 'W':
        cmdline->timeout_ns = seconds_from(state, "-W", argument, 0.001);
        break;
    case 'w':
        cmdline->deadline_ns = seconds_from(state, "-w", argument, 0.001);
        break;
    default:
        return take_target_option(key, argument, state);
    }
    return 0;
}

/* argp's own would not notice that standard output takes nothing. */
__attribute__((noreturn)) static void print_and_leave(struct argp_state *state, int key)
{
    const struct parsing *parsing = state->input;
    FILE *out = parsing->streams->output.stream;

    if (key == 'V')
        fprintf(out, "sockgreet %s\nTransports: tcp udp unix unix-dgram\nFamilies: IPv4 IPv6 Unix\n",
                PACKAGE_VERSION);
    else
        argp_state_help(state, out,
                        key == KEY_USAGE ? ARGP_HELP_USAGE
                                         : ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK);
    exit(streams_flush(parsing->streams) ? CMDLINE_ANSWERED : CMDLINE_ERROR);
}

static error_t take(int key, char *argument, struct argp_state *state)
{
    struct cmdline *cmdline = cmdline_of(state);

    switch (key) {
    case 'q':
        cmdline->quiet = true;
        break;
    case 'v':
        cmdline->verbose = true;
        break;
    case '?':
    case 'V':
    case KEY_USAGE:
        print_and_leave(state, key);
    case KEY_RESOLVE:
        cmdline->resolve = true;
        break;
    case ARGP_KEY_ARGS:
        take_operands(state, cmdline);
        break;
    case ARGP_KEY_END:
        check(state, cmdline);
        break;
    default:
        return take_time_option(key, argument, state);
    }
    return 0;
}

void cmdline_parse(struct cmdline *cmdline, int argc, char **argv, struct streams *streams)
{
    static const struct argp argp = {
        .options = options, .parser = take, .args_doc = arguments_doc, .doc = doc};
    struct parsing parsing = {.cmdline = cmdline, .streams = streams};

    *cmdline = (struct cmdline){.family = AF_UNSPEC, .interval_ns = -1, .timeout_ns = 5 * NS_PER_S};
    cmdline->pad = CMDLINE_PAD_DEFAULT;
    argv[0] = program_invocation_short_name; /* for the messages of getopt */
    argp_err_exit_status = CMDLINE_ERROR;
    argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &parsing);
    if (cmdline->interval_ns < 0)
        cmdline->interval_ns = NS_PER_S;
}
