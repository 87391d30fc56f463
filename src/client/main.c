/* SPDX-License-Identifier: MIT */
/* sockgreet: asks for greetings. */
#include "base/message.h"
#include "base/output.h"
#include "base/util.h"
#include "client/ask/deadline.h"
#include "client/ask/dial.h"
#include "client/ask/target.h"
#include "client/mode/resolve.h"
#include "client/mode/rounds.h"
#include "client/options.h"
#include "client/streams.h"

#include <err.h>
#include <locale.h>
#include <signal.h>

static struct patience patience_of(const struct cmdline *cmdline)
{
    struct patience patience = {.until_ns = INT64_MAX, .interrupt_fd = -1};

    if (cmdline->deadline_ns > 0)
        patience.until_ns = monotonic_ns() + cmdline->deadline_ns;
    if (cmdline->counting && !patience_catch_interrupt(&patience))
        err(CMDLINE_ERROR, "signals");
    return patience;
}

static struct dial_source source_of(const struct cmdline *cmdline)
{
    struct dial_source source = {0};
    struct message error;
    int family;

    if (cmdline->source && dial_source_parse(&source, cmdline->source, &error) < 0)
        errx(CMDLINE_ERROR, "%s", error.text);
    family = source.address.length > 0 ? source.address.sa.sa_family : cmdline->family;
    if (cmdline->family != AF_UNSPEC && cmdline->family != family)
        errx(CMDLINE_ERROR, "-I: '%s' is not an %s address", cmdline->source,
             cmdline->family == AF_INET ? "IPv4" : "IPv6");
    return source;
}

static struct target_list targets_of(const struct cmdline *cmdline)
{
    const struct target_defaults defaults = {.udp = cmdline->udp, .port = cmdline->port};
    struct target_list targets;
    struct message error;

    if (target_list_parse(&targets, cmdline->operands, cmdline->operand_count, &defaults, &error) < 0)
        errx(CMDLINE_ERROR, "%s", error.text);
    return targets;
}

int main(int argc, char **argv)
{
    static struct patience patience = {.until_ns = INT64_MAX, .interrupt_fd = -1};
    static struct streams streams;
    struct cmdline cmdline;
    struct dial_source source;
    struct target_list targets;
    enum cmdline_exit status;

    output_occupy_standard();
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is an exit status of our own */
    if (!streams_open(&streams, &patience))
        return CMDLINE_ERROR;
    cmdline_parse(&cmdline, argc, argv, &streams);
    source = source_of(&cmdline);
    targets = targets_of(&cmdline);
    patience = patience_of(&cmdline);

    if (cmdline.resolve)
        status = resolve_run(&cmdline, &targets, &patience, &streams);
    else
        status = rounds_run(&cmdline, &targets, &source, &patience, &streams);

    close_fd(&patience.interrupt_fd);
    target_list_free(&targets);
    return (int)status;
}
