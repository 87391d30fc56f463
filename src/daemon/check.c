/* SPDX-License-Identifier: MIT */
#include "daemon/check.h"

#include "base/fragments.h"
#include "base/output.h"
#include "base/util.h"
#include "conf/loader.h"
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
    output_close(&output); /* a failure could not be reported anywhere */
}

static void print_good(const struct conf *conf, FILE *out)
{
    unsigned more = conf->file_count > 1 ? conf->file_count - 1 : 0;

    fputs(conf->file ? conf->file : "built-in defaults", out);
    if (more)
        fprintf(out, " and %u file%s in %s.d", more, plural(more), conf->file);
    fputs(": configuration OK\n", out);
}

/* Checks each file that root has read. */
static void check_readable(const struct conf_source *source)
{
    struct fragments fragments;

    readable_check(source->path);
    if (fragments_find(&fragments, source->path) == 0)
        readable_check(fragments.directory);
    for (size_t i = 0; i < fragments.count; i++)
        readable_check(fragments.paths[i]);
    fragments_free(&fragments);
}

static int report(const struct cmdline *cmdline, const struct conf *conf)
{
    struct output output;

    if (output_open_standard(&output, "sockgreetd") < 0)
        return EX_OSERR;
    if (cmdline->action == CMDLINE_PRINT)
        conf_print(conf, output.stream);
    else
        print_good(conf, output.stream);
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
        check_readable(&cmdline->source);
    if (code == EX_OK)
        code = report(cmdline, conf);
    conf_free(conf);
    return code;
}
