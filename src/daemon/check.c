/* SPDX-License-Identifier: MIT */
#include "daemon/check.h"

#include "conf/conf_loader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static int exit_code(enum loader_status status)
{
    switch (status) {
    case LOADER_LOADED:
        return EX_OK;
    case LOADER_REFUSED:
        return EX_CONFIG;
    case LOADER_FAILED:
        break;
    }
    return EX_OSERR;
}

static void report(const struct cmdline *cmdline, const struct conf *conf)
{
    if (cmdline->action == CMDLINE_PRINT)
        conf_print(conf, stdout);
    else
        printf("%s: configuration OK\n", conf->file ? conf->file : "built-in defaults");
}

int check_run(const struct cmdline *cmdline)
{
    const struct conf *conf;
    struct conf_messages *messages;
    int code = exit_code(loader_run(&cmdline->source, &conf, &messages));

    conf_messages_print(messages, stderr);
    conf_messages_free(messages);
    if (code != EX_OK)
        return code;
    report(cmdline, conf);
    conf_free(conf);
    if (fflush(stdout) != 0) {
        fprintf(stderr, "sockgreetd: standard output: %s\n", strerror(errno));
        return EX_OSERR;
    }
    return EX_OK;
}
