/* SPDX-License-Identifier: MIT */
#include "ctl/show_readiness.h"

#include "base/state.h"
#include "ctl/answer.h"
#include "ctl/clock.h"
#include "ctl/memory.h"
#include "ctl/wrap.h"

#include <stdlib.h>
#include <string.h>

/* "drain, weight 50%, since 20:34:55 (operator): kernel update" */
void show_readiness_words(FILE *out, const json_t *state, time_t now)
{
    const char *since = answer_text(state, "since"), *origin = answer_text(state, "origin");
    const char *reason = answer_text(state, "reason"), *unkept = answer_text(state, "unkept");
    long long weight = answer_number(state, "weight");
    char room[CLOCK_MAX];

    fputs(answer_text(state, "state"), out);
    if (weight != STATE_WEIGHT_FULL)
        fprintf(out, ", weight %lld%%", weight);
    if (strcmp(origin, "default") != 0) {
        if (*since)
            fprintf(out, ", since %s", clock_local(room, since, now));
        fprintf(out, " (%s)", origin);
    }
    if (*reason)
        fprintf(out, ": %s", reason);
    if (*unkept)
        fprintf(out, "; %s", unkept);
}

bool show_readiness(FILE *out, const json_t *answer, time_t now)
{
    char *text;
    size_t size;
    FILE *words;

    if (*answer_text(answer, "state") == '\0')
        return false;
    words = memory_checked(open_memstream(&text, &size));
    show_readiness_words(words, answer, now);
    if (fclose(words) != 0)
        memory_checked(NULL);
    wrap_print(out, 0, text);
    free(text);
    return true;
}
