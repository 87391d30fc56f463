/* SPDX-License-Identifier: MIT */
#include "client/options/options.h"

#include "base/endpoint.h"
#include "base/util.h"
#include "client/options/arguments.h"
#include "client/options/ask_options.h"
#include "client/options/dial_options.h"
#include "client/options/discover_options.h"
#include "client/options/load_options.h"
#include "client/options/path_options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum key { KEY_RESOLVE = 0x100, KEY_RESOLVE_ONCE, KEY_EXIT_CODE, KEY_WATCH, KEY_USAGE };

static const char arguments_doc[] = "TARGET...\nHOST PORT\n-f FILE [TARGET...]\n--path TARGET...\n"
                                    "--load TARGET...\n--discover\n--resolve [HOST...]";

static const char doc[] =
    "Ask servers for their greeting, once or repeatedly.\n"
    "\n"
    "A TARGET is HOST, HOST:PORT, [IPV6]:PORT, IPV6, tcp://HOST[:PORT], udp://HOST[:PORT], unix:PATH or "
    "unix-dgram:PATH. The default port is " ENDPOINT_DEFAULT_PORT ".\n"
    "A TIME is a number with us, ms, s, m or h (default: s)."
    "\v"
    "Examples:\n"
    "  sockgreet localhost                 print the greeting of this machine\n"
    "  sockgreet -v mail.example 25        print each step and its time\n"
    "  sockgreet -a www.example 80         ask each address of a name\n"
    "  sockgreet -u -c 5 '[2001:db8::7]'   five requests over UDP, and statistics\n"
    "  sockgreet --watch web.example       print changes and outages\n"
    "  sockgreet --path host.example       show what the network changes\n"
    "  sockgreet --discover                list the servers on the local networks\n"
    "  sockgreet --load --rate 5000 --fail 'p99<5ms' localhost\n"
    "  sockgreet -j -c 3 localhost | jq .\n"
    "\n"
    "Exit status: 0 if every request was answered, 1 if not, 2 after wrong usage or a local error.\n";

static const char usage[] = "Usage: sockgreet [OPTION...] TARGET...    (or HOST PORT)\n"
                            "       sockgreet {--watch | --path | --load} [OPTION...] TARGET...\n"
                            "       sockgreet {--discover | --resolve} [OPTION...]\n"
                            "Try 'sockgreet --help' for all options, 'man sockgreet' for the manual.\n";

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Target:", 1},
    {"ipv4", '4', NULL, 0, "Use IPv4 only", 0},
    {"ipv6", '6', NULL, 0, "Use IPv6 only", 0},
    {"udp", 'u', NULL, 0, "Use UDP for targets without a transport", 0},
    {"all", 'a', NULL, 0, "Ask each address of a name, and print a table", 0},
    {"port", 'p', "PORT", 0, "Port, by number or name, of targets without one", 0},
    {"file", 'f', "FILE", 0, "Read targets from a file, one per line (-: standard input)", 0},
    {NULL, 0, NULL, 0, "Repetition and time:", 4},
    {"count", 'c', "COUNT", 0, "Send COUNT requests and print statistics (0: until Ctrl-C)", 0},
    {"interval", 'i', "TIME", 0,
     "Send a request every TIME, even if others are outstanding (default: 1s); without -c: until Ctrl-C", 0},
    {"timeout", 'W', "TIME", 0, "Wait this long for each answer (default: 5s)", 0},
    {"deadline", 'w', "TIME", 0, "Stop after this time, even if answers are outstanding", 0},
    {"resolve-once", KEY_RESOLVE_ONCE, NULL, 0, "Look names up once, not again during the run", 0},
    {NULL, 0, NULL, 0, "Modes:", 6},
    {"watch", KEY_WATCH, NULL, 0,
     "Print only changes, and at the end each outage (defaults: -i 100ms -W 500ms)", 0},
    {"resolve", KEY_RESOLVE, NULL, 0, "Contact no server; print the addresses of each name", 0},
    {NULL, 0, NULL, 0, "Output:", 5},
    {"quiet", 'q', NULL, 0, "Do not print the greeting; with -c, print only the statistics", 0},
    {"verbose", 'v', NULL, 0, "Print each step and its time on standard error", 0},
    {"timestamps", 'D', NULL, 0, "Begin each line with a time stamp", 0},
    {"outstanding", 'O', NULL, 0, "Print a line for requests still outstanding when the next one is sent", 0},
    {"numeric", 'n', NULL, 0, "Ignored: addresses are always printed as numbers", 0},
    {"json", 'j', NULL, 0, "Print a JSON object for each event, one per line", 0},
    {"exit-code", KEY_EXIT_CODE, "PROFILE", 0,
     "Use the exit statuses of ping (default), nagios or keepalived", 0},
    {NULL, 0, NULL, 0, "Help:", -1},
    {"help", 'h', NULL, 0, "Print this help", 0},
    {NULL, '?', NULL, OPTION_ALIAS, NULL, 0},
    {"usage", KEY_USAGE, NULL, 0, "Print a short usage message", 0},
    {"version", 'V', NULL, 0, "Print the version and features", 0},
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

static void set_family(struct argp_state *state, struct cmdline *cmdline, int family)
{
    if (cmdline->family != AF_UNSPEC && cmdline->family != family)
        argp_error(state, "-4 and -6 cannot be combined; default: both");
    cmdline->family = family;
}

static void set_count(struct argp_state *state, struct cmdline *cmdline, const char *count)
{
    cmdline->counting = true;
    cmdline->count = arguments_whole(state, "-c", count, 0, 1000000000);
}

static void set_exit_code(struct argp_state *state, struct cmdline *cmdline, const char *name)
{
    if (!exit_profile_from_name(name, &cmdline->exit_profile))
        argp_error(state, "--exit-code: '%s' is not a profile; allowed: ping, nagios or keepalived", name);
}

static void set_operands(struct argp_state *state, struct cmdline *cmdline)
{
    cmdline->operands = state->argv + state->next;
    cmdline->operand_count = (size_t)(state->argc - state->next);
    state->next = state->argc;
}

/* A mode other than asking for greetings. */
struct mode {
    const char *option;
    bool is_chosen;
    bool needs_target;
};

static void check_modes(struct argp_state *state, const struct mode *modes, size_t count, struct mode *chosen)
{
    *chosen = (struct mode){.needs_target = true};
    for (size_t i = 0; i < count; i++) {
        if (modes[i].is_chosen && chosen->option)
            argp_error(state, "%s and %s cannot be combined", chosen->option, modes[i].option);
        if (modes[i].is_chosen)
            *chosen = modes[i];
    }
}

/* --load can be combined with -c and --send. */
static bool asks_otherwise(const struct cmdline *cmdline)
{
    const struct ask_options *ask = &cmdline->ask;
    bool common = cmdline->counting || ask->message;

    return (common && !cmdline->load.chosen) || cmdline->watch || cmdline->interval_ns >= 0 || cmdline->all ||
           ask->connect_only || ask->whole || ask->http_path || ask->proxy.version || ask->has_expect ||
           ask->has_who;
}

static void check(struct argp_state *state, const struct cmdline *cmdline)
{
    const struct mode modes[] = {
        {"--load", cmdline->load.chosen, true},
        {"--discover", cmdline->discover.chosen, false},
        {"--path", cmdline->path.chosen, true},
        {"--resolve", cmdline->resolve, false},
    };
    struct mode mode;

    check_modes(state, modes, ARRAY_SIZE(modes), &mode);
    if (cmdline->discover.chosen && (cmdline->operand_count > 0 || cmdline->file))
        argp_error(state, "--discover takes no target; use -I to select an interface");
    if (cmdline->operand_count == 0 && !cmdline->file && mode.needs_target)
        argp_error(state, "a target is missing; allowed: TARGET..., HOST PORT or -f FILE");
    if (mode.option && asks_otherwise(cmdline))
        argp_error(state,
                   "%s cannot be combined with -a, %s-i, -z, --expect, --http, --proxy, %s--watch, --who or "
                   "--whole",
                   mode.option, cmdline->load.chosen ? "" : "-c, ", cmdline->load.chosen ? "" : "--send, ");
    if (cmdline->json && cmdline->resolve)
        argp_error(state, "-j and --resolve cannot be combined");
}

static error_t parse_target_option(int key, char *argument, struct argp_state *state)
{
    struct cmdline *cmdline = cmdline_of(state);

    switch (key) {
    case '4':
        set_family(state, cmdline, AF_INET);
        break;
    case '6':
        set_family(state, cmdline, AF_INET6);
        break;
    case 'a':
        cmdline->all = true;
        break;
    case 'u':
        cmdline->udp = true;
        break;
    case 'p':
        cmdline->port = arguments_port(state, "-p", argument);
        break;
    case 'f':
        cmdline->file = argument;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse_time_option(int key, char *argument, struct argp_state *state)
{
    struct cmdline *cmdline = cmdline_of(state);

    switch (key) {
    case 'c':
        set_count(state, cmdline, argument);
        break;
    case KEY_RESOLVE_ONCE:
        cmdline->resolve_once = true;
        break;
    case KEY_EXIT_CODE:
        set_exit_code(state, cmdline, argument);
        break;
    case KEY_WATCH:
        cmdline->watch = cmdline->counting = true;
        break;
    case 'i':
        cmdline->counting = true;
        cmdline->interval_ns = arguments_duration(state, "-i", argument, 0);
        break;
    case 'W':
        cmdline->timeout_ns = arguments_duration(state, "-W", argument, NS_PER_MS);
        break;
    case 'w':
        cmdline->deadline_ns = arguments_duration(state, "-w", argument, NS_PER_MS);
        break;
    default:
        return parse_target_option(key, argument, state);
    }
    return 0;
}

/* argp's own functions do not report errors of standard output. */
__attribute__((noreturn)) static void print_and_exit(struct argp_state *state, int key)
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

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct cmdline *cmdline = cmdline_of(state);

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &cmdline->source;
        state->child_inputs[1] = &cmdline->ask;
        state->child_inputs[2] = &cmdline->path;
        state->child_inputs[3] = &cmdline->load;
        state->child_inputs[4] = &cmdline->discover;
        break;
    case 'q':
        cmdline->quiet = true;
        break;
    case 'v':
        cmdline->verbose = true;
        break;
    case 'j':
        cmdline->json = true;
        break;
    case 'D':
        cmdline->stamps = true;
        break;
    case 'O':
        cmdline->tell_outstanding = true;
        break;
    case 'n':
        break;
    case 'h':
    case '?':
    case 'V':
    case KEY_USAGE:
        print_and_exit(state, key);
    case KEY_RESOLVE:
        cmdline->resolve = true;
        break;
    case ARGP_KEY_ARGS:
        set_operands(state, cmdline);
        break;
    case ARGP_KEY_END:
        check(state, cmdline);
        break;
    default:
        return parse_time_option(key, argument, state);
    }
    return 0;
}

__attribute__((noreturn)) static void print_usage(void)
{
    fputs(usage, stderr);
    exit(CMDLINE_ERROR);
}

/* The profile also applies to an error in an option before --exit-code. */
static enum exit_profile profile_in(int argc, char **argv)
{
    static const char option[] = "--exit-code";
    static const size_t shortest = sizeof("--exi") - 1; /* getopt accepts unambiguous prefixes */
    enum exit_profile profile = EXIT_PROFILE_PING;

    for (int i = 1; i < argc; i++) {
        size_t length = strcspn(argv[i], "=");

        if (length < shortest || strncmp(argv[i], option, length) != 0)
            continue;
        if (argv[i][length] == '=')
            exit_profile_from_name(argv[i] + length + 1, &profile);
        else if (i + 1 < argc)
            exit_profile_from_name(argv[i + 1], &profile);
    }
    return profile;
}

void cmdline_parse(struct cmdline *cmdline, int argc, char **argv, struct streams *streams)
{
    static const struct argp_child children[] = {
        {&dial_options_argp, 0, "Source and packets:", 2},
        {&ask_options_argp, 0, "Request and answer:", 3},
        {&path_options_argp, 0, NULL, 6},
        {&load_options_argp, 0, "Load:", 7},
        {&discover_options_argp, 0, NULL, 6},
        {0},
    };
    static const struct argp argp = {.options = options,
                                     .parser = parse_option,
                                     .args_doc = arguments_doc,
                                     .doc = doc,
                                     .children = children};
    struct parsing parsing = {.cmdline = cmdline, .streams = streams};

    if (argc == 1)
        print_usage();
    *cmdline = (struct cmdline){.family = AF_UNSPEC, .interval_ns = -1, .timeout_ns = -1};
    argv[0] = program_invocation_short_name; /* for the messages of getopt */
    argp_err_exit_status = exit_profile_status(profile_in(argc, argv), NAGIOS_UNKNOWN);
    argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &parsing);
    if (cmdline->interval_ns < 0)
        cmdline->interval_ns = cmdline->watch ? NS_PER_S / 10 : NS_PER_S;
    if (cmdline->timeout_ns < 0)
        cmdline->timeout_ns = cmdline->watch ? NS_PER_S / 2 : 5 * NS_PER_S;
}
