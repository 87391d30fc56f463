/* SPDX-License-Identifier: MIT */
#include "client/mode/rounds.h"

#include "base/util.h"
#include "client/ask/probe.h"
#include "client/report/text.h"
#include "client/statistics.h"

#include <err.h>
#include <netdb.h>
#include <stdlib.h>

/* A target on its way through the rounds. */
struct visit {
    const struct target *target;
    struct dial_list addresses; /* looked up once */
    struct statistics statistics;
};

struct rounds {
    const struct cmdline *cmdline;
    const struct patience *patience; /* of the whole run */
    struct streams *streams;
    struct probe_settings settings;
    struct report_text report;
    struct probe probe; /* one at a time, to use its memory again */
    int family;
    struct visit *visits;
    size_t visit_count;
    bool broken;
    bool interrupted;
    bool output_lost;
};

static enum probe_outcome look_up(struct rounds *rounds, struct visit *visit, const struct patience *patience)
{
    int64_t started_ns = monotonic_ns();
    int code = dial_lookup(&visit->addresses, &visit->target->endpoint, rounds->family, patience);
    struct words_lookup lookup = {.code = code, .error = errno, .family = rounds->family};
    char words[WORDS_MAX];

    if (code == 0)
        return PROBE_ANSWERED;
    if (code == EAI_INTR)
        return PROBE_INTERRUPTED;
    lookup.nanoseconds = monotonic_ns() - started_ns;
    words_lookup(words, sizeof(words), &lookup);
    report_text_no_address(&rounds->report, visit->target, words);
    return PROBE_FAILED;
}

static void count(struct rounds *rounds, struct visit *visit, enum probe_outcome outcome)
{
    if (outcome == PROBE_ANSWERED)
        statistics_add_answer(&visit->statistics, rounds->probe.last_ns);
    else if (outcome == PROBE_FAILED)
        statistics_add_loss(&visit->statistics);
    else if (outcome == PROBE_BROKEN)
        rounds->broken = true;
    else
        rounds->interrupted = true;
}

static void ask(struct rounds *rounds, struct visit *visit, unsigned long sequence)
{
    struct patience patience = patience_at_most(rounds->patience, rounds->cmdline->timeout_ns);
    enum probe_outcome outcome = PROBE_ANSWERED;

    rounds->probe.target = visit->target;
    rounds->probe.sequence = sequence;
    if (visit->addresses.count == 0)
        outcome = look_up(rounds, visit, &patience);
    if (outcome == PROBE_ANSWERED) {
        outcome = probe_run(&rounds->probe, &rounds->settings, &visit->addresses, &patience);
        rounds->output_lost |= !report_text_outcome(&rounds->report, &rounds->probe, outcome);
    }
    count(rounds, visit, outcome);
}

static bool is_over(const struct rounds *rounds)
{
    return rounds->broken || rounds->output_lost || rounds->interrupted ||
           monotonic_ns() >= rounds->patience->until_ns;
}

static void pause_until(struct rounds *rounds, int64_t next_ns)
{
    struct patience pause = patience_at_most(rounds->patience, next_ns - monotonic_ns());

    if (patience_wait(&pause, -1, 0) == PATIENCE_INTERRUPTED)
        rounds->interrupted = true;
}

static void ask_all(struct rounds *rounds)
{
    unsigned last = rounds->cmdline->counting ? rounds->cmdline->count : 1;

    for (unsigned long sequence = 1; !is_over(rounds); sequence++) {
        int64_t started_ns = monotonic_ns();

        for (size_t i = 0; i < rounds->visit_count && !is_over(rounds); i++)
            ask(rounds, &rounds->visits[i], sequence);
        if (sequence == last)
            return;
        if (!is_over(rounds))
            pause_until(rounds, started_ns + rounds->cmdline->interval_ns);
    }
}

static bool is_satisfied(const struct rounds *rounds, const struct statistics *statistics)
{
    unsigned wanted = rounds->cmdline->counting && rounds->cmdline->count > 0 ? rounds->cmdline->count : 1;

    return statistics->answered >= wanted;
}

static enum cmdline_exit sum_up(struct rounds *rounds, int64_t nanoseconds)
{
    enum cmdline_exit status = rounds->broken || rounds->output_lost ? CMDLINE_ERROR : CMDLINE_ANSWERED;

    for (size_t i = 0; i < rounds->visit_count; i++) {
        const struct visit *visit = &rounds->visits[i];

        if (status == CMDLINE_ANSWERED && !is_satisfied(rounds, &visit->statistics))
            status = CMDLINE_NO_ANSWER;
        if (!report_text_summary(&rounds->report, visit->target, &visit->statistics, nanoseconds))
            status = CMDLINE_ERROR;
    }
    return status;
}

static bool begin(struct rounds *rounds, const struct target_list *targets, const struct dial_source *source)
{
    const struct cmdline *cmdline = rounds->cmdline;

    rounds->report = (struct report_text){.streams = rounds->streams,
                                          .counting = cmdline->counting,
                                          .quiet = cmdline->quiet,
                                          .verbose = cmdline->verbose,
                                          .terminal = isatty(STDOUT_FILENO) == 1};
    rounds->settings = (struct probe_settings){
        .source = source, .pad = cmdline->pad, .step = report_text_step, .context = &rounds->report};
    /* An address to ask from decides the family of the addresses to ask. */
    rounds->family = source->address.length > 0 ? source->address.sa.sa_family : cmdline->family;
    rounds->visits = calloc(targets->count, sizeof(struct visit));
    if (!rounds->visits)
        return false;
    rounds->visit_count = targets->count;
    for (size_t i = 0; i < targets->count; i++)
        rounds->visits[i].target = &targets->targets[i];
    return true;
}

static void end(struct rounds *rounds)
{
    for (size_t i = 0; i < rounds->visit_count; i++)
        dial_list_free(&rounds->visits[i].addresses);
    free(rounds->visits);
    probe_free(&rounds->probe);
    report_text_free(&rounds->report);
}

enum cmdline_exit rounds_run(const struct cmdline *cmdline, const struct target_list *targets,
                             const struct dial_source *source, const struct patience *patience,
                             struct streams *streams)
{
    struct rounds rounds = {.cmdline = cmdline, .patience = patience, .streams = streams};
    int64_t started_ns = monotonic_ns();
    enum cmdline_exit status = CMDLINE_ERROR;

    if (begin(&rounds, targets, source)) {
        ask_all(&rounds);
        status = sum_up(&rounds, monotonic_ns() - started_ns);
    } else {
        warnx("out of memory");
    }
    end(&rounds);
    return status;
}
