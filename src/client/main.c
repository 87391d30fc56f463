/* SPDX-License-Identifier: MIT */
/* sockgreet and check_sockgreet: choose the mode and run it. */
#include "base/message.h"
#include "base/output.h"
#include "base/util.h"
#include "client/ask/deadline.h"
#include "client/ask/target.h"
#include "client/ask/target_file.h"
#include "client/exit_profile.h"
#include "client/mode/ask.h"
#include "client/mode/check.h"
#include "client/mode/discover.h"
#include "client/mode/load.h"
#include "client/mode/path.h"
#include "client/mode/resolve.h"
#include "client/options/check_options.h"
#include "client/options/options.h"
#include "client/streams.h"

#include <argp.h>
#include <err.h>
#include <locale.h>
#include <signal.h>
#include <string.h>

static struct deadline deadline_of(const struct cmdline *cmdline)
{
    struct deadline deadline = {.until_ns = INT64_MAX, .interrupt_fd = -1};

    if (cmdline->deadline_ns > 0)
        deadline.until_ns = monotonic_ns() + cmdline->deadline_ns;
    if ((cmdline->counting || cmdline->load.chosen || cmdline->discover.chosen) &&
        !deadline_catch_interrupt(&deadline))
        err(argp_err_exit_status, "cannot catch signals");
    return deadline;
}

/* Requests use the family of the source address. */
static void set_family(struct cmdline *cmdline)
{
    const struct address *source = &cmdline->source.address;

    if (source->length == 0)
        return;
    if (cmdline->family != AF_UNSPEC && cmdline->family != source->sa.sa_family)
        errx(argp_err_exit_status, "-I: the source address is %s, but -%c selects %s",
             address_family_name(source->sa.sa_family), cmdline->family == AF_INET ? '4' : '6',
             address_family_name(cmdline->family));
    cmdline->family = source->sa.sa_family;
}

static struct target_list targets_of(const struct cmdline *cmdline)
{
    const struct target_defaults defaults = {
        .udp = cmdline->udp, .port = cmdline->port, .interface = cmdline->source.interface[0] != '\0'};
    struct target_list targets;
    struct message error;

    if (target_list_parse(&targets, cmdline->operands, cmdline->operand_count, &defaults, &error) < 0 ||
        (cmdline->file && target_file_read(&targets, cmdline->file, &defaults, &error) < 0))
        errx(argp_err_exit_status, "%s", error.text);
    for (size_t i = 0; i < targets.count; i++)
        if (ask_options_suit(&cmdline->ask, targets.targets[i].endpoint.transport, &error) < 0)
            errx(argp_err_exit_status, "%s: %s", targets.targets[i].label, error.text);
    return targets;
}

static enum cmdline_exit run(const struct cmdline *cmdline, const struct target_list *targets,
                             const struct deadline *deadline, struct streams *streams)
{
    if (cmdline->discover.chosen)
        return discover_run(cmdline, deadline, streams);
    if (cmdline->resolve)
        return resolve_run(cmdline, targets, deadline, streams);
    if (cmdline->load.chosen)
        return load_run(cmdline, targets, deadline, streams);
    if (cmdline->path.chosen)
        return path_run(cmdline, targets, deadline, streams);
    return ask_run(cmdline, targets, deadline, streams);
}

static int run_check(int argc, char **argv, struct deadline *deadline, struct streams *streams)
{
    struct check_options options;
    struct target_list targets;
    int status;

    check_options_parse(&options, argc, argv, streams);
    targets = targets_of(&options.cmdline);
    status = check_run(&options, &targets, deadline, streams);
    target_list_free(&targets);
    ask_options_free(&options.cmdline.ask);
    return status;
}

static int exit_status(enum exit_profile profile, enum cmdline_exit status)
{
    static const enum nagios_state states[] = {[CMDLINE_ANSWERED] = NAGIOS_OK,
                                               [CMDLINE_NO_ANSWER] = NAGIOS_CRITICAL,
                                               [CMDLINE_ERROR] = NAGIOS_UNKNOWN};

    return exit_profile_status(profile, states[status]);
}

static int run_sockgreet(int argc, char **argv, struct deadline *deadline, struct streams *streams)
{
    struct cmdline cmdline;
    struct target_list targets;
    enum cmdline_exit status;

    cmdline_parse(&cmdline, argc, argv, streams);
    set_family(&cmdline);
    targets = targets_of(&cmdline);
    *deadline = deadline_of(&cmdline);
    status = run(&cmdline, &targets, deadline, streams);
    close_fd(&deadline->interrupt_fd);
    target_list_free(&targets);
    ask_options_free(&cmdline.ask);
    return exit_status(cmdline.exit_profile, status);
}

int main(int argc, char **argv)
{
    static struct deadline deadline = {.until_ns = INT64_MAX, .interrupt_fd = -1};
    static struct streams streams;

    output_occupy_standard();
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* write errors are seen as EPIPE */
    if (!streams_open(&streams, &deadline))
        return CMDLINE_ERROR;
    if (strcmp(program_invocation_short_name, "check_sockgreet") == 0)
        return run_check(argc, argv, &deadline, &streams);
    return run_sockgreet(argc, argv, &deadline, &streams);
}
