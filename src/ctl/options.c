/* SPDX-License-Identifier: MIT */
#include "ctl/options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char doc[] =
    "Control the greeting service on this host.\n"
    "\n"
    "Commands:\n"
    "  reload   read the configuration again, and wait until it serves or is refused\n"
    "  status   print the service's state in one line"
    "\v"
    "The service is found by the runtime directory: $RUNTIME_DIRECTORY, else /run/sockgreet for root, else "
    "$XDG_RUNTIME_DIR/sockgreet.\n"
    "\n"
    "Exit status: 0 done, 64 usage, 69 no service, 71 operating system error, 78 the configuration was "
    "refused.\n";

static const struct argp_option options[] = {
    {"pid", 'p', "PID", 0, "Process of the service, instead of the one in the runtime directory", 0},
    {"timeout", 'w', "SECONDS", 0, "Wait so long for a reload (default 60)", 0},
    {0},
};

static unsigned number_from(struct argp_state *state, const char *option, const char *text, unsigned long max)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (strspn(text, "0123456789") != strlen(text) || end == text || number == 0 || number > max)
        argp_error(state, "%s: '%s' is not a whole number from 1 to %lu", option, text, max);
    return (unsigned)number;
}

static void take_command(struct argp_state *state, struct ctl_cmdline *cmdline, const char *word)
{
    if (state->arg_num > 0)
        argp_error(state, "one command at a time");
    else if (strcmp(word, "reload") == 0)
        cmdline->command = CTL_RELOAD;
    else if (strcmp(word, "status") == 0)
        cmdline->command = CTL_STATUS;
    else
        argp_error(state, "there is no command '%s'; allowed: reload, status", word);
}

static error_t take(int key, char *argument, struct argp_state *state)
{
    struct ctl_cmdline *cmdline = state->input;

    switch (key) {
    case 'p':
        cmdline->pid = (pid_t)number_from(state, "--pid", argument, 1ul << 22);
        return 0;
    case 'w':
        cmdline->timeout = number_from(state, "--timeout", argument, 86400);
        return 0;
    case ARGP_KEY_ARG:
        take_command(state, cmdline, argument);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a command is missing; allowed: reload, status");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_version(FILE *out, struct argp_state *state)
{
    (void)state;
    fprintf(out, "sockgreetctl %s\n", PACKAGE_VERSION);
}

void ctl_cmdline_parse(int argc, char **argv, struct ctl_cmdline *cmdline)
{
    const struct argp argp = {.options = options, .parser = take, .args_doc = "COMMAND", .doc = doc};

    *cmdline = (struct ctl_cmdline){.timeout = 60};
    argp_program_version_hook = print_version;
    argp_err_exit_status = EX_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, cmdline);
}
