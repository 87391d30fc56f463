/* SPDX-License-Identifier: MIT */
#include "master/start.h"

#include "base/deadlines.h"
#include "base/util.h"
#include "log/log.h"
#include "master/failure.h"
#include "system/notify.h"
#include "system/runtime.h"

#include <string.h>
#include <sysexits.h>

static void open_log(const struct conf *conf)
{
    log_open(conf ? conf->log_target : CONF_LOG_AUTO, conf ? conf->log_level : LOG_INFO);
}

/* The service manager shows the first line of why, also after the end. */
static void fail(struct start *start, int status, const char *why)
{
    failure_note(start->generations->failure, FAILURE_START, "start failed: %.*s", (int)strcspn(why, "\n"),
                 why);
    start->phase = START_FAILED;
    start->status = status;
}

static bool load(struct start *start, const struct conf_source *source)
{
    int error = loader_start(source, start->children, &start->loader);

    if (error)
        log_error("cannot start the loader: %s", strerror(-error));
    return error == 0;
}

void start_begin(struct start *start)
{
    start->phase = START_LOADING;
    if (!load(start, start->source))
        fail(start, EX_OSERR, "the loader cannot start");
}

void start_reload(struct start *start)
{
    start->reload_wanted = true;
}

/* Tries again after pauses that grow. If the process ended instead, systemd would start it again and again,
 * and fill the journal. */
static void wait_for_obstacle(struct start *start, int64_t now)
{
    int64_t doubled = 2 * start->pause;

    start->phase = START_WAITING;
    start->pause = start->pause == 0              ? DEADLINE_BIND_FIRST
                   : doubled < DEADLINE_BIND_LAST ? doubled
                                                  : DEADLINE_BIND_LAST;
    start->retry_at = now + start->pause;
}

/* If a restart cannot use the file, it continues with the configuration from before the restart. Returns
 * whether that is being loaded. */
static bool load_last_good(struct start *start, const char *why)
{
    struct conf_source source = {.path = start->last_good, .path_given = true, .alone = true};

    if (!start->is_restart || !notify_enabled() ||
        !protocol_path(PROTOCOL_LAST_GOOD, start->last_good, sizeof(start->last_good)) ||
        access(start->last_good, R_OK) < 0)
        return false;
    message_set(&start->degraded, "%.*s", (int)strcspn(why, "\n"), why);
    start->loads_last_good = load(start, &source);
    start->is_restart = false; /* one try */
    return start->loads_last_good;
}

static void open_first(struct start *start, int64_t now)
{
    if (generations_prepare(start->generations, start->conf, &start->reason)) {
        start->phase = START_WORKERS;
        start->conf = NULL;
    } else if (load_last_good(start, start->reason.text)) {
        start->phase = START_LOADING;
    } else if (notify_enabled()) {
        wait_for_obstacle(start, now);
    } else {
        fail(start, EX_OSERR, start->reason.text);
    }
}

static void use_conf(struct start *start, const struct conf *conf)
{
    conf_free(start->conf);
    start->conf = conf;
    open_log(conf);
}

/* The last good configuration was loaded, or conf is NULL. If it cannot be used, the start waits for what
 * blocks the file's configuration, or fails with the status of the refused file. */
static void last_good_loaded(struct start *start, const struct conf *conf, int64_t now)
{
    struct message unused = {0};

    start->loads_last_good = false;
    if (conf && generations_prepare(start->generations, conf, &unused)) {
        conf_free(start->conf);
        start->conf = NULL;
        open_log(conf);
        start->phase = START_WORKERS;
        log_event(LOG_ERR, MESSAGE_CONFIGURATION_REFUSED, NULL,
                  "The configuration was refused; the last good one is used until a reload succeeds");
        return;
    }
    conf_free(conf);
    if (start->conf)
        wait_for_obstacle(start, now);
    else
        fail(start, start->status, start->degraded.text);
    start->degraded.text[0] = '\0';
}

static void file_loaded(struct start *start, enum loader_status status, const struct conf *conf,
                        const struct conf_messages *messages, int64_t now)
{
    struct message why;

    if (conf)
        use_conf(start, conf);
    else if (!start->conf)
        open_log(NULL);
    log_conf_messages(messages);
    if (start->conf) {
        open_first(start, now);
        return;
    }
    start->status = status == LOADER_REFUSED ? EX_CONFIG : EX_OSERR;
    conf_messages_errors(messages, why.text, sizeof(why.text));
    if (!why.text[0])
        message_set(&why, "the configuration cannot be loaded");
    if (!load_last_good(start, why.text))
        fail(start, start->status, why.text);
}

static void loaded(struct start *start, int64_t now)
{
    const struct conf *conf;
    struct conf_messages *messages;
    enum loader_status status = loader_finish(start->loader, &conf, &messages);

    start->loader = NULL;
    if (!start->loads_last_good) {
        file_loaded(start, status, conf, messages, now);
    } else {
        if (!conf)
            log_conf_messages(messages);
        last_good_loaded(start, conf, now);
    }
    conf_messages_free(messages);
}

static void step_waiting(struct start *start, int64_t now)
{
    if (start->reload_wanted && load(start, start->source))
        start->phase = START_LOADING;
    else if (now >= start->retry_at)
        open_first(start, now);
    start->reload_wanted = false;
}

/* If no worker can start, the start fails: with an open port and no worker the service would look healthy,
 * but clients would hang. */
static void step_workers(struct start *start, int64_t now)
{
    const struct generation *first = start->generations->starting;

    if (generations_next_is_ready(start->generations)) {
        generations_promote(start->generations, now);
        start->phase = START_DONE;
    } else if (generation_cannot_start(first)) {
        log_error("No worker could start, after %d tries each: %s", START_TRIES, first->last_failure);
        fail(start, EX_OSERR, first->last_failure);
    }
}

int64_t start_step(struct start *start, int64_t now)
{
    if (start->phase == START_LOADING && loader_is_over(start->loader, now))
        loaded(start, now);
    else if (start->phase == START_WAITING)
        step_waiting(start, now);
    else if (start->phase == START_WORKERS)
        step_workers(start, now);
    if (start->phase == START_LOADING)
        return loader_next(start->loader);
    return start->phase == START_WAITING ? start->retry_at : SLOT_NEVER;
}

const char *start_obstacle(const struct start *start)
{
    return start->phase == START_WAITING || start->conf ? start->reason.text : "";
}

void start_cancel(struct start *start)
{
    loader_cancel(start->loader);
    start->loader = NULL;
    conf_free(start->conf);
    start->conf = NULL;
    if (start->phase != START_DONE)
        start->phase = START_FAILED; /* status: 0, unless there was an error before */
}
