/* SPDX-License-Identifier: MIT */
#include "ctl/sample.h"

#include "base/util.h"
#include "ctl/answer.h"
#include "ctl/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static int parse(const struct ask_answer *answer, json_t **object, struct message *error)
{
    int status;

    *object = answer_parse(answer->bytes, answer->size);
    status = *object ? answer_status(*object) : EX_OSERR;
    if (!*object)
        message_set(error, "the service's answer cannot be parsed");
    else if (status != EX_OK)
        message_set(error, "%s", answer_text(*object, "error"));
    return status;
}

static int ask(const struct options *options, const char *request, json_t **object, struct message *error)
{
    struct options one = *options;
    struct ask_answer answer;
    int status;

    snprintf(one.request, sizeof(one.request), "%s", request);
    status = ask_service(&one, &answer, error);
    if (status == EX_OK)
        status = parse(&answer, object, error);
    free(answer.bytes);
    return status;
}

int sample_take(struct sample *sample, const struct options *options, struct message *error)
{
    int status;

    *sample = (struct sample){0};
    status = ask(options, "status", &sample->status, error);
    sample->at = monotonic_ns();
    if (status == EX_OK)
        status = ask(options, "counters", &sample->counters, error);
    if (status == EX_OK)
        status = ask(options, "listeners", &sample->listeners, error);
    if (status == EX_OK)
        status = ask(options, "workers", &sample->workers, error);
    return status;
}

void sample_free(struct sample *sample)
{
    json_decref(sample->status);
    json_decref(sample->counters);
    json_decref(sample->listeners);
    json_decref(sample->workers);
    *sample = (struct sample){0};
}

bool sample_is_same_process(const struct sample *sample, const struct sample *other)
{
    return answer_number(sample->status, "pid") == answer_number(other->status, "pid") &&
           strcmp(answer_text(sample->status, "started"), answer_text(other->status, "started")) == 0;
}
