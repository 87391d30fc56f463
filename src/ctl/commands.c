/* SPDX-License-Identifier: MIT */
#include "ctl/commands.h"

#include "base/output.h"
#include "ctl/answer.h"
#include "ctl/ask.h"
#include "ctl/memory.h"
#include "ctl/show.h"
#include "ctl/show_listeners.h"
#include "ctl/show_readiness.h"
#include "ctl/show_status.h"
#include "ctl/show_workers.h"
#include "ctl/text.h"
#include "ctl/top.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define PROGRAM "sockgreetctl"

static void print_error_object(FILE *out, const char *text, int code)
{
    char *printable = text_printable(text, "\n\t");
    json_t *object = memory_checked(json_pack("{s:s, s:i}", "error", printable, "code", code));
    char *line = memory_checked(json_dumps(object, JSON_COMPACT));

    answer_print(out, line, strlen(line));
    free(line);
    json_decref(object);
    free(printable);
}

/* Prints it as JSON on the output, or on standard error after a prefix. Returns the code. */
static int report(const struct options *options, FILE *out, const char *prefix, const char *text, int code)
{
    char *printable;

    if (options->json) {
        print_error_object(out, text, code);
        return code;
    }
    printable = text_printable(text, "\n\t");
    fprintf(stderr, "%s%s\n", prefix, printable);
    free(printable);
    return code;
}

/* The command that reloads the same service. */
static void reload_command(const struct options *options, char *text, size_t size)
{
    if (options->name)
        snprintf(text, size, PROGRAM " --name=%s reload", options->name);
    else if (options->pid)
        snprintf(text, size, PROGRAM " --pid=%d reload", (int)options->pid);
    else
        snprintf(text, size, PROGRAM " reload");
}

static bool show(const struct options *options, FILE *out, const json_t *answer)
{
    char reload[sizeof(PROGRAM) + OPTIONS_NAME_MAX + 32];

    switch (options->command) {
    case CTL_STATUS:
        reload_command(options, reload, sizeof(reload));
        return show_status(out, answer, time(NULL), reload);
    case CTL_LISTENERS:
        return show_listeners(out, answer);
    case CTL_WORKERS:
        return show_workers(out, answer, time(NULL));
    case CTL_COUNTERS:
        return show_counters(out, answer);
    case CTL_STATE:
        return show_readiness(out, answer, time(NULL));
    case CTL_CONFIG:
    case CTL_RELOAD:
        return show_text(out, answer);
    case CTL_TOP: /* has more than one answer */
        break;
    }
    return false;
}

static int not_understood(const struct options *options, FILE *out)
{
    return report(options, out, PROGRAM ": ", "the service's answer cannot be parsed", EX_OSERR);
}

static int report_answer(const struct options *options, FILE *out, const struct ask_answer *answer)
{
    json_t *object = answer_parse(answer->bytes, answer->size);
    int status = object ? answer_status(object) : EX_OSERR;

    if (!object)
        return not_understood(options, out);
    if (options->json)
        answer_print(out, answer->bytes, answer->size);
    else if (status != EX_OK)
        report(options, out, "", answer_text(object, "error"), status);
    else if (!show(options, out, object))
        status = not_understood(options, out);
    json_decref(object);
    return status;
}

static int ask_and_report(const struct options *options, FILE *out)
{
    struct ask_answer answer;
    struct message error;
    int status = ask_service(options, &answer, &error);

    if (status != EX_OK)
        return report(options, out, PROGRAM ": ", error.text, status);
    status = report_answer(options, out, &answer);
    free(answer.bytes);
    return status;
}

int commands_run(const struct options *options)
{
    struct output output;
    int status;

    if (options->command == CTL_TOP)
        return top_run(options);
    if (output_open_standard(&output, PROGRAM) < 0)
        return EX_OSERR;
    status = ask_and_report(options, output.stream);
    return output_close_standard(&output, PROGRAM) < 0 ? EX_OSERR : status;
}
