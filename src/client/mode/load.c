/* SPDX-License-Identifier: MIT */
#include "client/mode/load.h"

#include "base/printable.h"
#include "base/util.h"
#include "client/errors.h"
#include "client/load/engine.h"
#include "client/mode/load_plan.h"
#include "client/report/json.h"
#include "client/report/load_json.h"
#include "client/report/load_plot.h"
#include "client/report/load_text.h"
#include "client/report/stamp.h"
#include "client/report/terminal.h"

#include <argp.h>
#include <err.h>
#include <poll.h>
#include <stdlib.h>

#define TICK_NS NS_PER_S

struct progress {
    bool shown, in_place; /* one line that is overwritten */
    int64_t start_ns, last_ns;
    uint64_t last_answered;
    size_t columns;
};

static struct progress progress_begin(const struct cmdline *cmdline)
{
    struct progress progress = {.start_ns = monotonic_ns(), .columns = terminal_of(STDERR_FILENO).width};

    progress.last_ns = progress.start_ns;
    progress.in_place = isatty(STDERR_FILENO) && !cmdline->quiet;
    progress.shown = progress.in_place || cmdline->verbose;
    return progress;
}

/* Overwrites the previous line. */
static void print_in_place(const struct progress *progress, const char *text)
{
    int width = (int)progress->columns - 1;

    fprintf(stderr, "\r%-*.*s", width, width, text);
    fflush(stderr);
}

static void progress_step(struct progress *progress, const struct engine *engine)
{
    struct engine_progress counts = engine_progress(engine);
    int64_t now = monotonic_ns();
    double since_last = (double)(now - progress->last_ns) / (double)NS_PER_S;
    char text[LOAD_TEXT_MAX];

    load_text_progress(text, (double)(now - progress->start_ns) / (double)NS_PER_S,
                       (double)(counts.answered - progress->last_answered) / since_last, &counts);
    if (progress->in_place)
        print_in_place(progress, text);
    else if (progress->shown)
        fprintf(stderr, "%s\n", text);
    progress->last_ns = now;
    progress->last_answered = counts.answered;
}

static void progress_end(const struct progress *progress)
{
    if (!progress->in_place)
        return;
    print_in_place(progress, "");
    fprintf(stderr, "\r");
    fflush(stderr);
}

/* Waits for the threads, but no longer than until the deadline or Ctrl-C. */
static void watch(struct engine *engine, const struct cmdline *cmdline, const struct deadline *deadline)
{
    struct progress progress = progress_begin(cmdline);

    for (;;) {
        struct deadline tick = *deadline;
        int64_t next_ns = progress.last_ns + TICK_NS;
        enum deadline_end end;

        if (next_ns < tick.until_ns)
            tick.until_ns = next_ns;
        end = deadline_wait(&tick, engine_done_fd(engine), POLLIN);
        if (end == DEADLINE_READY)
            break;
        if (end == DEADLINE_INTERRUPTED || monotonic_ns() >= deadline->until_ns) {
            engine_interrupt(engine);
            break;
        }
        progress_step(&progress, engine);
    }
    progress_end(&progress);
}

/* Opened before the load, so that a wrong path does not waste a run. */
static FILE *open_plot(const char *path)
{
    FILE *plot = fopen(path, "we");

    if (!plot)
        err(argp_err_exit_status, "--plot: '%s'", path);
    return plot;
}

static bool close_plot(FILE *plot, const char *path, const struct load_report *report)
{
    bool failed;

    load_plot_print(plot, report);
    failed = ferror(plot);
    if (fclose(plot) == 0 && !failed)
        return true;
    warn("--plot: '%s'", path);
    return false;
}

static bool print_result(const struct cmdline *cmdline, const struct load_report *report,
                         struct streams *streams)
{
    FILE *out = streams_best(streams);
    bool blocks = printable_is_utf8();

    if (!out)
        return false;
    if (!cmdline->json)
        load_text_result(out, report, !cmdline->quiet, terminal_of(streams->output.fd).width, blocks);
    else
        report_json_print(out, load_json_event(report, stamp_now_ns()));
    return streams_flush(streams);
}

static enum cmdline_exit conclude(const struct cmdline *cmdline, const struct load_report *report,
                                  struct streams *streams)
{
    bool printed = print_result(cmdline, report, streams);
    bool kept = load_text_limits(stderr, report);

    if (!printed)
        return CMDLINE_ERROR;
    return kept && report->result->tally.ended[OUTCOME_ANSWERED] > 0 ? CMDLINE_ANSWERED : CMDLINE_NO_ANSWER;
}

/* A thread that could not start has sent no request. */
static enum cmdline_exit fail_to_begin(const struct target *target, int error)
{
    unsigned class = tally_class_of(error);
    char words[ERRORS_MAX];

    errors_errno(words, sizeof(words), error);
    load_text_failure(target, class, words);
    return class == OUTCOME_LOCAL ? CMDLINE_ERROR : CMDLINE_NO_ANSWER;
}

static enum cmdline_exit put_load(const struct cmdline *cmdline, struct load_report *report,
                                  struct engine_result *result, const struct deadline *deadline,
                                  struct streams *streams)
{
    struct engine *engine = engine_start(report->plan);
    int error;

    if (!engine)
        err(argp_err_exit_status, "cannot start threads");
    watch(engine, cmdline, deadline);
    error = engine_finish(engine, result);
    report->result = result;
    if (error == 0)
        return conclude(cmdline, report, streams);
    return fail_to_begin(&report->targets->targets[0], error);
}

static enum cmdline_exit run(const struct cmdline *cmdline, struct load_report *report,
                             const struct deadline *deadline, struct streams *streams)
{
    struct engine_result *result = malloc(sizeof(*result));
    FILE *plot = cmdline->load.plot ? open_plot(cmdline->load.plot) : NULL;
    enum cmdline_exit status;

    if (!result)
        errx(argp_err_exit_status, "out of memory");
    if (!cmdline->json && !cmdline->quiet)
        load_text_begin(streams->output.stream, report);
    status = streams_flush(streams) ? put_load(cmdline, report, result, deadline, streams) : CMDLINE_ERROR;
    if (plot && report->result && !close_plot(plot, cmdline->load.plot, report))
        status = CMDLINE_ERROR;
    free(result);
    return status;
}

enum cmdline_exit load_run(const struct cmdline *cmdline, const struct target_list *targets,
                           const struct deadline *deadline, struct streams *streams)
{
    struct load_plan plan;
    struct load_report report = {.targets = targets, .plan = &plan};
    enum cmdline_exit status;

    report.limits = cmdline->load.limits;
    report.limit_count = cmdline->load.limit_count;
    status = load_plan_make(&plan, cmdline, targets, deadline);
    if (status == CMDLINE_ANSWERED)
        status = run(cmdline, &report, deadline, streams);
    load_plan_free(&plan);
    return status;
}
