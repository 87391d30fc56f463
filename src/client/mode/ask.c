/* SPDX-License-Identifier: MIT */
#include "client/mode/ask.h"

#include "client/mode/all.h"
#include "client/mode/rounds.h"
#include "client/report/events.h"
#include "client/report/lines.h"
#include "client/report/once.h"
#include "client/report/table.h"
#include "client/report/terminal.h"
#include "client/report/watch.h"

#include <unistd.h>

struct writers {
    struct once once;
    struct lines lines;
    struct table table;
    struct watch watch;
    struct events events;
};

/* Initialises all writers, and returns the one that the options select. */
static struct report report_of(struct writers *writers, const struct cmdline *cmdline,
                               const struct target_list *targets, struct streams *streams)
{
    const struct terminal terminal = terminal_of(STDOUT_FILENO);
    bool quiet = cmdline->quiet, verbose = cmdline->verbose, stamps = cmdline->stamps;

    writers->once = (struct once){streams, terminal, quiet, verbose, cmdline->ask.whole, targets->count > 1};
    writers->lines = (struct lines){
        streams, terminal, quiet, verbose, stamps, cmdline->tell_outstanding, targets->count > 1};
    writers->table = (struct table){streams, terminal, quiet, verbose, table_width(targets), false};
    writers->watch = (struct watch){streams, terminal, quiet, verbose, stamps, cmdline->interval_ns};
    writers->events = (struct events){streams, cmdline};
    if (cmdline->json)
        return (struct report){&events_ops, &writers->events};
    if (cmdline->watch)
        return (struct report){&watch_ops, &writers->watch};
    if (cmdline->counting)
        return (struct report){&lines_ops, &writers->lines};
    return cmdline->all ? (struct report){&table_ops, &writers->table}
                        : (struct report){&once_ops, &writers->once};
}

static enum cmdline_exit ask_targets(const struct cmdline *cmdline, const struct target_list *targets,
                                     const struct deadline *deadline, struct streams *streams)
{
    struct writers writers;
    const struct rounds_settings settings = {.cmdline = cmdline,
                                             .targets = targets,
                                             .deadline = deadline,
                                             .streams = streams,
                                             .report = report_of(&writers, cmdline, targets, streams)};

    if (cmdline->json)
        events_start(&writers.events, targets);
    return rounds_run(&settings);
}

static enum cmdline_exit ask_all(const struct cmdline *cmdline, const struct target_list *targets,
                                 const struct deadline *deadline, struct streams *streams)
{
    struct target_list addresses;
    unsigned failed = 0;
    enum cmdline_exit status = CMDLINE_ERROR;

    if (all_addresses(&addresses, targets, cmdline->family, deadline, cmdline->timeout_ns, &failed) == 0)
        status =
            addresses.count > 0 ? ask_targets(cmdline, &addresses, deadline, streams) : CMDLINE_NO_ANSWER;
    target_list_free(&addresses);
    return status == CMDLINE_ANSWERED && failed > 0 ? CMDLINE_NO_ANSWER : status;
}

enum cmdline_exit ask_run(const struct cmdline *cmdline, const struct target_list *targets,
                          const struct deadline *deadline, struct streams *streams)
{
    return cmdline->all ? ask_all(cmdline, targets, deadline, streams)
                        : ask_targets(cmdline, targets, deadline, streams);
}
