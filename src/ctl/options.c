/* SPDX-License-Identifier: MIT */
#include "ctl/options.h"

#include "base/output.h"
#include "base/state.h"
#include "base/util.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define PROGRAM        "sockgreetctl"
#define PID_MAX        (1ul << 22)
#define TIMEOUT_MAX    86400
#define INTERVAL_MIN_S 0.1
#define INTERVAL_MAX_S 60
#define COMMAND_NAMES  "status, listeners, workers, counters, config, state, reload, top"
#define NAME_BYTES     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

enum key { KEY_USAGE = 0x100 };

static const char doc[] = "Show and change the state of a running sockgreetd.\n"
                          "\n"
                          "Commands:\n"
                          "  status     print a summary of the service, and what is wrong\n"
                          "  listeners  list the listening sockets\n"
                          "  workers    list the worker processes\n"
                          "  counters   print the counters since the service was started\n"
                          "  config     print the configuration in effect, with every setting\n"
                          "  state      print the readiness; state WORD [N%] [REASON] sets it:\n"
                          "             ready, drain or maint, and a weight from 0% to 256%\n"
                          "  reload     load the configuration again; wait until it is in effect or\n"
                          "             refused\n"
                          "  top        show rates, updated every second; q quits"
                          "\v"
                          "Looks for the control socket in $RUNTIME_DIRECTORY if set, otherwise in\n"
                          "/run/sockgreet; for users other than root first in $XDG_RUNTIME_DIR/sockgreet.\n"
                          "\n"
                          "Exit status: 0 done, 64 usage, 69 no service, 71 operating system or no\n"
                          "answer, 77 not permitted, 78 configuration refused.\n";

static const char usage[] =
    "Usage: sockgreetctl [OPTION...] {status | listeners | workers | counters | config | reload | top}\n"
    "       sockgreetctl [OPTION...] state [{ready | drain | maint} [N%] [REASON...]]\n"
    "Try 'sockgreetctl --help' for all options, 'man sockgreetctl' for the manual.\n";

static const struct argp_option rows[] = {
    {"json", 'j', NULL, 0, "Print the answer as JSON", 1},
    {"name", 'n', "NAME", 0, "Contact the instance in /run/sockgreet/NAME", 1},
    {"pid", 'p', "PID", 0, "Contact the sockgreetd with this process ID", 1},
    {"interval", 'i', "SECONDS", 0, "top: time between frames, 0.1 to 60 (default: 1)", 1},
    {"once", '1', NULL, 0, "top: print one frame after one interval", 1},
    {"timeout", 'w', "SECONDS", 0, "How long to wait (default: 5; for reload: 60)", 1},
    {"help", 'h', NULL, 0, "Print this help", 2},
    {NULL, '?', NULL, OPTION_HIDDEN, NULL, 2},
    {"usage", KEY_USAGE, NULL, 0, "Print a short usage message", 2},
    {"version", 'V', NULL, 0, "Print the version", 2},
    {0},
};

static const struct command {
    const char *name;
    enum options_command command;
    unsigned timeout;
} commands[] = {
    {"status", CTL_STATUS, 5},   {"listeners", CTL_LISTENERS, 5},
    {"workers", CTL_WORKERS, 5}, {"counters", CTL_COUNTERS, 5},
    {"config", CTL_CONFIG, 5},   {"state", CTL_STATE, 5},
    {"reload", CTL_RELOAD, 60},  {"top", CTL_TOP, 5},
};

bool options_name_valid(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= OPTIONS_NAME_MAX && name[0] != '.' && strspn(name, NAME_BYTES) == length;
}

static unsigned number_from(struct argp_state *state, const char *option, const char *text, unsigned long max)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (strspn(text, "0123456789") != strlen(text) || end == text || number == 0 || number > max)
        argp_error(state, "%s: '%s' is not a whole number from 1 to %lu", option, text, max);
    return (unsigned)number;
}

static int64_t interval_from(struct argp_state *state, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (strspn(text, "0123456789.") != strlen(text) || end == text || *end || seconds < INTERVAL_MIN_S ||
        seconds > INTERVAL_MAX_S)
        argp_error(state, "--interval: '%s' is not a number of seconds from 0.1 to 60", text);
    return (int64_t)(seconds * (double)NS_PER_S);
}

static const char *name_from(struct argp_state *state, const char *name)
{
    if (!options_name_valid(name))
        argp_error(state,
                   "--name: '%s' is not a valid instance name; allowed: at most %d letters, digits, '_', '-' "
                   "and '.', but not '.' first",
                   name, OPTIONS_NAME_MAX);
    return name;
}

static void take_command(struct argp_state *state, struct options *options, const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (strcmp(word, commands[i].name) == 0) {
            snprintf(options->request, sizeof(options->request), "%s", word);
            options->command = commands[i].command;
            return;
        }
    argp_error(state, "unknown command '%s'; allowed: " COMMAND_NAMES, word);
}

/* Appends a word of the state to set. A request that does not fit has a reason that is too long anyway. */
static void take_word(struct options *options, const char *word)
{
    size_t length = strlen(options->request);

    snprintf(options->request + length, sizeof(options->request) - length, " %s", word);
}

static void take_argument(struct argp_state *state, struct options *options, const char *word)
{
    if (!*options->request)
        take_command(state, options, word);
    else if (options->command == CTL_STATE)
        take_word(options, word);
    else
        argp_error(state, "only one command is allowed");
}

/* Refuses here what the service would refuse. */
static void check_state(struct argp_state *state, const struct options *options)
{
    const char *words = options->request + strlen("state");
    struct state unused;
    struct message error;

    if (*words && state_parse(words, &unused, &error) < 0)
        argp_error(state, "%s", error.text);
}

/* Frames are for people, and only top draws them. */
static void check_top(struct argp_state *state, struct options *options)
{
    if (options->command == CTL_TOP && options->json)
        argp_error(state, "top has no JSON output; allowed: -j with status, counters, listeners or workers");
    if (options->command != CTL_TOP && (options->once || options->interval_ns))
        argp_error(state, "--once and --interval are allowed only with top");
    if (!options->interval_ns)
        options->interval_ns = NS_PER_S;
}

static void check(struct argp_state *state, struct options *options)
{
    if (!*options->request)
        argp_error(state, "a command is missing; allowed: " COMMAND_NAMES);
    if (options->command == CTL_STATE)
        check_state(state, options);
    check_top(state, options);
    if (options->name && options->pid)
        argp_error(state, "--name and --pid cannot be combined");
    for (size_t i = 0; i < ARRAY_SIZE(commands) && !options->timeout; i++)
        if (commands[i].command == options->command)
            options->timeout = commands[i].timeout;
}

/* argp's own --help and --version would ignore a standard output that cannot be written. */
__attribute__((noreturn)) static void print_and_leave(struct argp_state *state, int key)
{
    struct output output;

    if (output_open_standard(&output, PROGRAM) < 0)
        exit(EX_OSERR);
    if (key == 'V')
        fprintf(output.stream, PROGRAM " %s\n", PACKAGE_VERSION);
    else
        argp_state_help(state, output.stream,
                        key == KEY_USAGE ? ARGP_HELP_USAGE
                                         : ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK);
    exit(output_close_standard(&output, PROGRAM) < 0 ? EX_OSERR : EX_OK);
}

static error_t take(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case '1':
        options->once = true;
        return 0;
    case 'i':
        options->interval_ns = interval_from(state, argument);
        return 0;
    case 'j':
        options->json = true;
        return 0;
    case 'n':
        options->name = name_from(state, argument);
        return 0;
    case 'p':
        options->pid = (pid_t)number_from(state, "--pid", argument, PID_MAX);
        return 0;
    case 'w':
        options->timeout = number_from(state, "--timeout", argument, TIMEOUT_MAX);
        return 0;
    case 'h':
    case '?':
    case 'V':
    case KEY_USAGE:
        print_and_leave(state, key);
    case ARGP_KEY_ARG:
        take_argument(state, options, argument);
        return 0;
    case ARGP_KEY_END:
        check(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void options_parse(int argc, char **argv, struct options *options)
{
    const struct argp argp = {
        .options = rows, .parser = take, .args_doc = "COMMAND\nstate WORD [N%] [REASON...]", .doc = doc};

    if (argc == 1) {
        fputs(usage, stderr);
        exit(EX_USAGE);
    }
    *options = (struct options){0};
    argv[0] = program_invocation_short_name; /* for the messages of getopt */
    argp_err_exit_status = EX_USAGE;
    argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, options);
}
