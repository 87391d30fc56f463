/* SPDX-License-Identifier: MIT */
#include "daemon/check.h"

#include "base/output.h"
#include "conf/conf_loader.h"
#include "daemon/readable.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

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

static void print_messages(const struct conf_messages *messages)
{
    struct output output;

    if (output_open(&output, STDERR_FILENO) < 0)
        return;
    conf_messages_print(messages, output.stream);
    output_close(&output); /* there is nowhere to say that it failed */
}

static int report(const struct cmdline *cmdline, const struct conf *conf)
{
    struct output output;

    if (output_open_standard(&output, "sockgreetd") < 0)
        return EX_OSERR;
    if (cmdline->action == CMDLINE_PRINT)
        conf_print(conf, output.stream);
    else
        fprintf(output.stream, "%s: configuration OK\n", conf->file ? conf->file : "built-in defaults");
    return output_close_standard(&output, "sockgreetd") < 0 ? EX_OSERR : EX_OK;
}

int check_run(const struct cmdline *cmdline)
{
    const struct conf *conf;
    struct conf_messages *messages;
    int code = exit_code(loader_run(&cmdline->source, &conf, &messages));

    print_messages(messages);
    conf_messages_free(messages);
    if (cmdline->action == CMDLINE_TEST)
        readable_check(cmdline->source.path);
    if (code == EX_OK)
        code = report(cmdline, conf);
    conf_free(conf);
    return code;
}
