/* SPDX-License-Identifier: MIT */
#include "client/mode/rounds.h"

#include "base/util.h"
#include "client/ask/loop.h"
#include "client/mode/visits.h"

#include <err.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#define BEHIND_MAX_NS (100 * NS_PER_MS) /* ticks that are later than this are skipped */

struct rounds {
    const struct rounds_settings *settings;
    const struct cmdline *cmdline;
    struct loop loop;
    struct visits visits;
    unsigned long sequence; /* of the last round */
    struct loop_timer tick;
    struct loop_timer deadline;
    struct loop_watch interrupt;
    struct loop_watch quit;
    int quit_fd; /* SIGQUIT; -1: it is not caught */
    int64_t started_ns;
    bool over;
    bool broken;
    bool output_lost;
};

static const struct report_ops *ops(const struct rounds *rounds)
{
    return rounds->settings->report.ops;
}

static void *report(const struct rounds *rounds)
{
    return rounds->settings->report.context;
}

static unsigned long last_sequence(const struct rounds *rounds)
{
    return rounds->cmdline->counting ? rounds->cmdline->count : 1;
}

static bool is_last_round_started(const struct rounds *rounds)
{
    unsigned long last = last_sequence(rounds);

    return last > 0 && rounds->sequence >= last;
}

/* Skips rounds that should have started long ago. */
static void set_tick(struct rounds *rounds, int64_t due_ns)
{
    int64_t interval_ns = rounds->cmdline->interval_ns;
    int64_t next_ns = due_ns + interval_ns;
    int64_t behind_ns = monotonic_ns() - next_ns;

    if (interval_ns == 0) /* the next round follows the answers */
        return;
    if (behind_ns > BEHIND_MAX_NS)
        next_ns += behind_ns / interval_ns * interval_ns;
    if (!loop_set(&rounds->loop, &rounds->tick, next_ns))
        rounds->broken = true;
}

static void tick(void *context)
{
    struct rounds *rounds = context;
    int64_t due_ns = rounds->tick.at_ns;

    if (is_last_round_started(rounds))
        return;
    visits_report_outstanding(&rounds->visits, rounds->sequence);
    visits_ask(&rounds->visits, ++rounds->sequence);
    if (!is_last_round_started(rounds))
        set_tick(rounds, due_ns);
}

/* With an interval of 0 the next round begins when the last one has ended. */
static void handle_idle(void *context)
{
    struct rounds *rounds = context;

    if (rounds->cmdline->interval_ns == 0 && !loop_set(&rounds->loop, &rounds->tick, monotonic_ns()))
        rounds->broken = true;
}

static void handle_interrupt(void *context)
{
    struct rounds *rounds = context;

    /* Not read, so that waits of the standard streams end as well. */
    loop_unwatch(&rounds->loop, rounds->settings->deadline->interrupt_fd, &rounds->interrupt);
    rounds->over = true;
}

static void handle_deadline(void *context)
{
    struct rounds *rounds = context;

    rounds->over = true;
}

static void handle_quit(void *context)
{
    struct rounds *rounds = context;
    struct signalfd_siginfo info;

    if (read(rounds->quit_fd, &info, sizeof(info)) < 0 || !ops(rounds)->interim)
        return;
    for (size_t i = 0; i < rounds->visits.count; i++)
        ops(rounds)->interim(report(rounds), &rounds->visits.list[i], monotonic_ns() - rounds->started_ns);
}

static int watch_signals(struct rounds *rounds)
{
    const struct deadline *deadline = rounds->settings->deadline;
    int error = 0;

    rounds->interrupt = (struct loop_watch){.ready = handle_interrupt, .context = rounds};
    rounds->quit = (struct loop_watch){.ready = handle_quit, .context = rounds};
    if (deadline->interrupt_fd >= 0)
        error = -loop_watch(&rounds->loop, deadline->interrupt_fd, EPOLLIN, &rounds->interrupt);
    if (error || !rounds->cmdline->counting)
        return error;
    rounds->quit_fd = deadline_signal_fd(&(int){SIGQUIT}, 1);
    return rounds->quit_fd < 0 ? errno : -loop_watch(&rounds->loop, rounds->quit_fd, EPOLLIN, &rounds->quit);
}

static int set_timers(struct rounds *rounds)
{
    bool has_deadline = rounds->cmdline->counting && rounds->cmdline->deadline_ns > 0;

    rounds->tick = (struct loop_timer){.due = tick, .context = rounds};
    rounds->deadline = (struct loop_timer){.due = handle_deadline, .context = rounds};
    if (has_deadline && !loop_set(&rounds->loop, &rounds->deadline, rounds->settings->deadline->until_ns))
        return ENOMEM;
    return loop_set(&rounds->loop, &rounds->tick, rounds->started_ns) ? 0 : ENOMEM;
}

/* Each outstanding request needs a descriptor, and timer slack would delay rounds. */
static void raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    prctl(PR_SET_TIMERSLACK, 1);
}

static int begin(struct rounds *rounds)
{
    const struct rounds_settings *settings = rounds->settings;
    int error = -loop_open(&rounds->loop);

    raise_limits();
    rounds->visits = (struct visits){.loop = &rounds->loop,
                                     .cmdline = settings->cmdline,
                                     .report = settings->report,
                                     .idle = handle_idle,
                                     .context = rounds};
    if (!error)
        error = -visits_open(&rounds->visits, settings->targets);
    if (!error)
        error = watch_signals(rounds);
    return error ? error : set_timers(rounds);
}

static bool is_over(const struct rounds *rounds)
{
    return rounds->over || rounds->broken || rounds->visits.broken || rounds->output_lost ||
           (is_last_round_started(rounds) && rounds->visits.outstanding == 0);
}

static void ask_all(struct rounds *rounds)
{
    while (!is_over(rounds)) {
        int error = -loop_turn(&rounds->loop);

        if (error) {
            warnx("cannot wait for events: %s", strerrordesc_np(error));
            rounds->broken = true;
        }
        rounds->output_lost |= !streams_flush(rounds->settings->streams);
    }
}

static bool is_satisfied(const struct rounds *rounds, const struct statistics *statistics)
{
    unsigned long last = last_sequence(rounds);

    return statistics->answered >= (last > 0 ? last : 1);
}

static void print_summaries(const struct rounds *rounds, FILE *out)
{
    int64_t run_ns = monotonic_ns() - rounds->started_ns;

    for (size_t i = 0; i < rounds->visits.count && ops(rounds)->summary; i++)
        ops(rounds)->summary(report(rounds), out, &rounds->visits.list[i], run_ns);
}

/* Prints on standard error if standard output was full for too long. False if not all was printed on standard
 * output.
 */
static bool print_all_summaries(const struct rounds *rounds)
{
    struct streams *streams = rounds->settings->streams;
    FILE *out = streams_best(streams);
    bool lost = out != streams->output.stream;

    if (!lost) {
        print_summaries(rounds, out);
        lost = !streams_flush(streams);
        out = streams_best(streams);
    }
    if (lost && out)
        print_summaries(rounds, out);
    return !lost;
}

static enum cmdline_exit exit_status(const struct rounds *rounds)
{
    for (size_t i = 0; i < rounds->visits.count; i++)
        if (!is_satisfied(rounds, &rounds->visits.list[i].statistics))
            return CMDLINE_NO_ANSWER;
    return CMDLINE_ANSWERED;
}

static void end(struct rounds *rounds)
{
    visits_close(&rounds->visits);
    close_fd(&rounds->quit_fd);
    loop_close(&rounds->loop);
}

enum cmdline_exit rounds_run(const struct rounds_settings *settings)
{
    struct rounds rounds = {.settings = settings, .cmdline = settings->cmdline, .quit_fd = -1};
    enum cmdline_exit status = CMDLINE_ERROR;
    int error;

    rounds.started_ns = monotonic_ns();
    error = begin(&rounds);
    if (error) {
        warnx("cannot start: %s", strerrordesc_np(error));
    } else {
        ask_all(&rounds);
        if (settings->cmdline->counting)
            visits_report_held(&rounds.visits);
        if (print_all_summaries(&rounds) && !rounds.broken && !rounds.visits.broken && !rounds.output_lost)
            status = exit_status(&rounds);
    }
    end(&rounds);
    return status;
}
