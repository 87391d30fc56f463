/* SPDX-License-Identifier: MIT */
#include "master/status.h"

#include "base/message.h"
#include "base/util.h"
#include "system/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define REFRESH_NS (5 * NS_PER_S)
#define RETRY_NS   (100 * NS_PER_MS) /* to send READY=1 again */
/* Smaller differences between the clocks are caused by NTP, and are not a change of the time. */
#define CLOCK_SET_NS NS_PER_S
#define SAMPLE_NS    NS_PER_S /* at least, for greetings per second */

const char *status_word(enum service_state state)
{
    static const char *const words[] = {
        [SERVICE_STARTING] = "starting",   [SERVICE_WAITING] = "waiting",   [SERVICE_SERVING] = "serving",
        [SERVICE_RELOADING] = "reloading", [SERVICE_STOPPING] = "stopping", [SERVICE_DRAINING] = "draining",
        [SERVICE_REPLACED] = "replaced"};

    return words[state];
}

static uint64_t served(const struct view *view)
{
    struct totals totals;
    uint64_t written;

    generations_totals(view->generations, &totals, &written);
    return totals_served(&totals);
}

/* Workers of generations that drain. */
static unsigned finishing(const struct view *view)
{
    unsigned count = 0;

    for (unsigned i = 0; i < view->generations->count; i++)
        if (view->generations->all[i]->state == GENERATION_DRAINING || view->state >= SERVICE_DRAINING)
            count += slots_alive(&view->generations->all[i]->slots);
    return count;
}

/* Adds all problems. */
static void add_troubles(struct message *line, const struct view *view)
{
    const struct generation *serving = view->generations->serving;
    struct message trouble = {0};
    unsigned down = serving ? sockets_down(&serving->sockets, &trouble) : 0;

    if (down)
        message_add(line, "; %u listener%s down (%s)", down, plural(down), trouble.text);
    if (view->failure->kind != FAILURE_NONE)
        message_add(line, "; %s", view->failure->text);
    if (view->unwanted[0])
        message_add(line, "; %s", view->unwanted);
}

/* Problems come before the figures, since the end may be truncated. */
static void add_serving(struct message *line, const struct view *view, const struct generation *generation)
{
    unsigned leaving = finishing(view), restarts = generations_restarts(view->generations);
    size_t length;

    message_add(line, "Generation %u %s: %u of %u worker%s", generation->number, status_word(view->state),
                slots_ready(&generation->slots), generation->slots.count, plural(generation->slots.count));
    if (leaving)
        message_add(line, ", %u finishing", leaving);
    length = strlen(line->text);
    add_troubles(line, view);
    message_add(line, "%s %" PRIu64 " greeted (%.0f/s), %u restart%s", line->text[length] ? ";" : ",",
                served(view), view->rate, restarts, plural(restarts));
}

static void add_ending(struct message *line, const struct view *view)
{
    unsigned leaving = finishing(view);

    if (leaving)
        message_add(line, "%s: %u worker%s finishing",
                    view->state == SERVICE_REPLACED ? "Replaced by an upgrade, draining" : "Draining",
                    leaving, plural(leaving));
    else
        message_add(line, "Stopped");
    if (view->failure->kind != FAILURE_START)
        message_add(line, "%s%" PRIu64 " greeted", leaving ? ", " : ": ", served(view));
    add_troubles(line, view);
}

/* Without the state of a stop, which the line shows anyway. */
static void add_readiness(struct message *line, const struct readiness *readiness)
{
    const struct state *state = &readiness->state;

    if (state->word == STATE_READY || readiness->origin == READINESS_STOP)
        return;
    message_add(line, "%s%s%s%s. ", state->word == STATE_DRAIN ? "DRAIN" : "MAINT",
                state->reason[0] ? " (" : "", state->reason, state->reason[0] ? ")" : "");
}

/* Writes the line, truncated to fit. */
static void write_text(const struct view *view, char text[STATUS_MAX])
{
    const struct generation *generation = view_current(view);
    struct message line = {0};

    add_readiness(&line, view->readiness);
    if (view->waiting[0])
        message_add(&line, "%s, trying again", view->waiting);
    else if (view->degraded[0])
        message_add(&line, "CONFIGURATION REFUSED, using the last good one (%s). ", view->degraded);
    if (view->state >= SERVICE_DRAINING)
        add_ending(&line, view);
    else if (generation)
        add_serving(&line, view, generation);
    else if (!view->waiting[0])
        message_add(&line, "Loading the configuration");
    if (snprintf(text, STATUS_MAX, "%s", line.text) >= STATUS_MAX)
        memcpy(text + STATUS_MAX - 4, "...", 4);
}

static void compare_clocks(struct status *status)
{
    struct timespec t;
    int64_t ahead;

    clock_gettime(CLOCK_REALTIME, &t);
    ahead = (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec - monotonic_ns();
    if (llabs(ahead - status->view.realtime) > CLOCK_SET_NS)
        status->view.realtime = ahead;
}

void status_open(struct status *status, const struct generations *generations, const struct failure *failure,
                 int64_t now)
{
    *status = (struct status){.view = {.state_since = now,
                                       .started_at = now,
                                       .generations = generations,
                                       .failure = failure,
                                       .waiting = "",
                                       .degraded = "",
                                       .unwanted = ""},
                              .rate_at = now};
    compare_clocks(status);
}

void status_note(struct status *status, enum service_state state, int64_t now)
{
    bool is_back = status->view.state == SERVICE_RELOADING && state == SERVICE_SERVING;

    if (state == status->view.state)
        return;
    if (state == SERVICE_RELOADING)
        status->serving_since = status->view.state_since;
    status->view.state = state;
    status->view.state_since = is_back ? status->serving_since : now;
    status->refresh_at = now;
}

void status_reloaded(struct status *status, int code, const char *text, int64_t now)
{
    struct view *view = &status->view;

    view->last_reload = (struct last_reload){.at = now, .code = code};
    if (code == EX_OK)
        view->reloads++;
    else
        view->reloads_refused++;
    if (code != EX_OK)
        message_set(&view->last_reload.reason, "%.*s", (int)strcspn(text, "\n"), text);
}

/* The rate since the last sample or, if that is recent, before it. */
static double current_rate(const struct status *status, int64_t now)
{
    int64_t passed = now - status->rate_at;

    if (passed < SAMPLE_NS)
        return status->rate;
    return (double)(served(&status->view) - status->rate_served) * NS_PER_S / (double)passed;
}

static void sample_rate(struct status *status, int64_t now)
{
    if (now - status->rate_at < SAMPLE_NS)
        return;
    status->rate = current_rate(status, now);
    status->rate_served = served(&status->view);
    status->rate_at = now;
}

struct view status_view(const struct status *status, int64_t now)
{
    struct view view = status->view;

    view.now = now;
    view.rate = current_rate(status, now);
    return view;
}

static void tell_ready(struct status *status, int64_t now)
{
    status->ready_untold = !notify_ready(status->line);
    if (status->ready_untold)
        status->refresh_at = now + RETRY_NS;
}

void status_refresh(struct status *status, int64_t now)
{
    struct view view;
    char line[STATUS_MAX];

    sample_rate(status, now);
    compare_clocks(status);
    status->changes = status->view.generations->changes;
    status->refresh_at = now + REFRESH_NS;
    view = status_view(status, now);
    write_text(&view, line);
    if (strcmp(line, status->line) != 0) {
        memcpy(status->line, line, sizeof(line));
        notify_status(line);
    }
    if (status->ready_untold)
        tell_ready(status, now);
}

void status_ready(struct status *status, int64_t now)
{
    status_refresh(status, now);
    tell_ready(status, now);
}

int64_t status_step(struct status *status, int64_t now)
{
    if (now >= status->refresh_at || status->view.generations->changes != status->changes)
        status_refresh(status, now);
    return status->refresh_at;
}
