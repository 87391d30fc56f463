/* SPDX-License-Identifier: MIT */
#include "ctl/show_status.h"

#include "ctl/answer.h"
#include "ctl/clock.h"
#include "ctl/memory.h"
#include "ctl/show_readiness.h"
#include "ctl/stale.h"
#include "ctl/wrap.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN        15 /* column of the values */
#define START_SECONDS 60 /* serving that began this soon after the start began with it */

/* A text that is being built. */
struct line {
    FILE *out;
    char *text;
    size_t size;
};

static void line_begin(struct line *line)
{
    line->out = memory_checked(open_memstream(&line->text, &line->size));
}

/* Prints the text after a label; nothing if it is empty. */
static void line_end(struct line *line, FILE *out, const char *label)
{
    if (fclose(line->out) != 0)
        memory_checked(NULL);
    if (*line->text) {
        fprintf(out, "%-*s", COLUMN, label);
        wrap_print(out, COLUMN, line->text);
    }
    free(line->text);
}

static void print_fact(FILE *out, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void print_fact(FILE *out, const char *label, const char *format, ...)
{
    struct line line;
    va_list arguments;

    line_begin(&line);
    va_start(arguments, format);
    vfprintf(line.out, format, arguments);
    va_end(arguments);
    line_end(&line, out, label);
}

static bool has(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

/* " 20:34:55 (2 h 3 min)" */
static void print_since(FILE *out, const char *since, time_t now)
{
    char room[CLOCK_MAX];
    time_t when;

    fputs(clock_local(room, since, now), out);
    if (clock_parse(since, &when))
        fprintf(out, " (%s)", clock_duration(room, now - when));
}

/* Only if serving did not begin with the start. */
static bool has_since(const json_t *answer)
{
    time_t started, since;

    if (strcmp(answer_text(answer, "state"), "serving") != 0)
        return *answer_text(answer, "state_since");
    return clock_parse(answer_text(answer, "started"), &started) &&
           clock_parse(answer_text(answer, "state_since"), &since) && since - started >= START_SECONDS;
}

static void show_state(FILE *out, const json_t *answer, time_t now)
{
    struct line line;

    line_begin(&line);
    fprintf(line.out, "sockgreetd %s (pid %lld) is %s", answer_text(answer, "version"),
            answer_number(answer, "pid"), answer_text(answer, "state"));
    if (has_since(answer)) {
        fputs(" since ", line.out);
        print_since(line.out, answer_text(answer, "state_since"), now);
    }
    if (fclose(line.out) != 0)
        memory_checked(NULL);
    wrap_print(out, 0, line.text);
    free(line.text);
}

static void show_start(FILE *out, const json_t *answer, time_t now)
{
    struct line line;

    line_begin(&line);
    print_since(line.out, answer_text(answer, "started"), now);
    line_end(&line, out, "Running since");
}

static void print_readiness(FILE *out, const json_t *answer, time_t now)
{
    const json_t *readiness = json_object_get(answer, "readiness");
    struct line line;

    if (!readiness)
        return;
    line_begin(&line);
    show_readiness_words(line.out, readiness, now);
    line_end(&line, out, "Readiness");
}

static struct loaded loaded_files(const json_t *configuration)
{
    const json_t *modified = json_object_get(configuration, "modified");

    return (struct loaded){.newest = {.tv_sec = answer_number(modified, "seconds"),
                                      .tv_nsec = (long)answer_number(modified, "nanoseconds")},
                           .files = (unsigned)answer_number(configuration, "files")};
}

static void show_staleness(FILE *out, const json_t *configuration, const char *reload)
{
    struct loaded loaded = loaded_files(configuration);

    if (!reload || !json_is_object(json_object_get(configuration, "modified")))
        return;
    switch (stale_file(answer_text(configuration, "file"), &loaded)) {
    case STALE_NOT:
        return;
    case STALE_NEWER:
        print_fact(out, "", "the file is newer than the one loaded; run %s", reload);
        return;
    case STALE_OTHER:
        print_fact(out, "", "the file is older than the one loaded; run %s", reload);
        return;
    case STALE_FILES:
        print_fact(out, "", "files in its directory have changed; run %s", reload);
    }
}

static bool is_refused(const json_t *last_reload)
{
    return strcmp(answer_text(last_reload, "result"), "refused") == 0;
}

/* The length of "FILE:LINE" at the beginning of an error in a configuration; 0 for any other reason. */
static size_t place_length(const char *reason)
{
    size_t file = strcspn(reason, ": "),
           line = reason[file] == ':' ? strspn(reason + file + 1, "0123456789") : 0;

    return file && line && reason[file + 1 + line] == ':' ? file + 1 + line : 0;
}

static void show_advice(FILE *out, const char *reason, const char *reload)
{
    size_t length = place_length(reason);

    if (!reload)
        return;
    if (length)
        print_fact(out, "", "correct %.*s, then run: %s", (int)length, reason, reload);
    else
        print_fact(out, "", "remove the cause, then run: %s", reload);
}

static void show_configuration(FILE *out, const json_t *answer, time_t now, const char *reload)
{
    const json_t *configuration = json_object_get(answer, "configuration");
    const char *file = answer_text(configuration, "file");
    const char *since = answer_text(configuration, "in_effect_since"),
               *refused = answer_text(answer, "refused");
    bool reload_refused = is_refused(json_object_get(answer, "last_reload"));
    char room[CLOCK_MAX];
    struct line line;

    if (!configuration)
        return;
    line_begin(&line);
    fputs(*file ? file : "no file", line.out);
    if (*since)
        fprintf(line.out, ", in effect since %s", clock_local(room, since, now));
    if (has(answer, "generation"))
        fprintf(line.out, ", generation %lld", answer_number(answer, "generation"));
    line_end(&line, out, "Configuration");
    if (*refused) {
        print_fact(out, "", "the file was refused, so the last good one is in effect: %s", refused);
        if (!reload_refused) /* whose reason is newer */
            show_advice(out, refused, reload);
    }
    if (!reload_refused)
        show_staleness(out, configuration, reload);
}

static void show_last_reload(FILE *out, const json_t *answer, time_t now, const char *reload)
{
    const json_t *last = json_object_get(answer, "last_reload");
    const char *result = answer_text(last, "result"), *time = answer_text(last, "time");
    const char *reason = answer_text(last, "reason");
    char room[CLOCK_MAX];

    if (!*result || !*time)
        return;
    print_fact(out, "Last reload", "%s at %s%s%s", result, clock_local(room, time, now), *reason ? ": " : "",
               reason);
    if (is_refused(last))
        show_advice(out, reason, reload);
}

static void show_listening(FILE *out, const json_t *answer)
{
    const json_t *listeners = json_object_get(answer, "listeners");
    long long down = answer_number(listeners, "down");
    const char *trouble = answer_text(listeners, "trouble");
    struct line line;

    if (!listeners)
        return;
    line_begin(&line);
    fprintf(line.out, "%lld up", answer_number(listeners, "up"));
    if (down > 0)
        fprintf(line.out, ", %lld down", down);
    if (*trouble)
        fprintf(line.out, ": %s", trouble);
    line_end(&line, out, "Listeners");
    print_fact(out, "", "%s", answer_text(answer, "unwanted"));
}

static void add_finishing(FILE *out, const json_t *generation, time_t now)
{
    long long workers = answer_number(generation, "workers");
    const char *until = answer_text(generation, "until");
    char room[CLOCK_MAX];

    fprintf(out, ", and %lld of generation %lld %s finishing", workers,
            answer_number(generation, "generation"), workers == 1 ? "is" : "are");
    if (*until)
        fprintf(out, " (until %s)", clock_local(room, until, now));
}

static void show_working(FILE *out, const json_t *answer, time_t now)
{
    const json_t *workers = json_object_get(answer, "workers"),
                 *finishing = json_object_get(answer, "finishing");
    json_t *generation;
    struct line line;
    size_t i;

    if (!workers)
        return;
    line_begin(&line);
    fprintf(line.out, "%lld of %lld", answer_number(workers, "ready"), answer_number(workers, "wanted"));
    json_array_foreach(finishing, i, generation) add_finishing(line.out, generation, now);
    line_end(&line, out, "Workers");
}

static void show_greeted(FILE *out, const json_t *answer)
{
    const json_t *rate = json_object_get(answer, "greeted_per_second");
    double value = json_number_value(rate);
    struct line line;

    if (!has(answer, "greeted"))
        return;
    line_begin(&line);
    fprintf(line.out, "%lld in total", answer_number(answer, "greeted"));
    if (rate)
        fprintf(line.out, ", %.*f a second", value < 100 && value != floor(value) ? 1 : 0, value);
    line_end(&line, out, "Greeted");
}

static void show_failure(FILE *out, const json_t *answer, time_t now)
{
    const json_t *failure = json_object_get(answer, "last_failure");
    const char *text = answer_text(failure, "text"), *time = answer_text(failure, "time");
    char room[CLOCK_MAX];

    if (strncmp(text, "reload refused: ", 16) == 0 && is_refused(json_object_get(answer, "last_reload")))
        return; /* is shown already */
    if (json_is_null(failure))
        print_fact(out, "Last failure", "none");
    else if (*time)
        print_fact(out, "Last failure", "%s (%s)", text, clock_local(room, time, now));
    else
        print_fact(out, "Last failure", "%s", text);
}

static bool is_ending(const char *state)
{
    return strcmp(state, "stopping") == 0 || strcmp(state, "draining") == 0 || strcmp(state, "replaced") == 0;
}

bool show_status(FILE *out, const json_t *answer, time_t now, const char *reload)
{
    const char *state = answer_text(answer, "state");

    if (!*state)
        return false;
    if (is_ending(state))
        reload = NULL; /* it would be refused */
    show_state(out, answer, now);
    show_start(out, answer, now);
    print_fact(out, "Waiting", "%s", answer_text(answer, "waiting"));
    print_readiness(out, answer, now);
    show_configuration(out, answer, now, reload);
    show_last_reload(out, answer, now, reload);
    show_listening(out, answer);
    show_working(out, answer, now);
    print_fact(out, "Sandbox", "%s", answer_text(answer, "sandbox"));
    show_greeted(out, answer);
    if (has(answer, "restarts"))
        print_fact(out, "Restarts", "%lld", answer_number(answer, "restarts"));
    show_failure(out, answer, now);
    return true;
}
