/* SPDX-License-Identifier: MIT */
/* sockgreetd: a daemon that sends each client a greeting. */
#include "base/output.h"
#include "conf/loader.h"
#include "daemon/check.h"
#include "daemon/cmdline.h"
#include "master/master.h"
#include "master/signals.h"
#include "master/upgrade.h"
#include "system/descriptors.h"
#include "system/title.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* The path of this program, which an upgrade executes after the file was replaced. */
static void keep_own_path(char **argv)
{
    static char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (length > 0)
        argv[0] = path;
}

/* A start that failed, such as because another program has the port, will fail again. systemd repeats it
 * after RestartSec, which is short for the sake of waiting clients. This pause keeps the log readable. */
static void pause_before_restart(void)
{
    struct timespec second = {.tv_sec = 1};
    sigset_t stop;

    if (!getenv("NOTIFY_SOCKET"))
        return;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigtimedwait(&stop, NULL, &second);
}

static int run(const struct cmdline *cmdline, char **argv)
{
    static struct registry registry;
    struct master_settings settings = {.source = &cmdline->source, .registry = &registry, .argv = argv};
    int inherited, status;

    settings.replaced_fd = upgrade_inherited_fd();
    descriptors_prepare(settings.replaced_fd >= 0);
    inherited = registry_inherit(&registry);
    settings.ignores_hangup = signals_block();
    if (inherited < 0) {
        fprintf(stderr, "sockgreetd: cannot use the listening sockets that were passed: %s\n",
                strerror(-inherited));
        return EX_OSERR;
    }
    settings.inherited = (unsigned)inherited;
    keep_own_path(argv);
    status = master_run(&settings);
    if (status == EX_OSERR)
        pause_before_restart();
    return status;
}

int main(int argc, char **argv)
{
    char **arguments = title_prepare(argv); /* titles overwrite the original ones */
    static struct output errors;
    struct cmdline cmdline;
    int status;

    output_replace_stderr(&errors, NULL, NULL); /* if out of memory, messages are printed anyway */
    if (!arguments) {
        fprintf(stderr, "sockgreetd: %s\n", strerror(errno));
        return EX_OSERR;
    }
    status = cmdline_parse(argc, arguments, &cmdline);
    if (status != CMDLINE_GO_ON)
        return status;
    status = cmdline.action == CMDLINE_RUN ? run(&cmdline, arguments) : check_run(&cmdline);
    cmdline_free(&cmdline);
    return status;
}
