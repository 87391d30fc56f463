/* SPDX-License-Identifier: MIT */
#include "master/master.h"

#include "base/deadlines.h"
#include "base/util.h"
#include "log/log.h"
#include "master/contents.h"
#include "master/meter.h"
#include "master/readiness.h"
#include "master/reload.h"
#include "master/report.h"
#include "master/requests.h"
#include "master/rundir.h"
#include "master/signals.h"
#include "master/start.h"
#include "master/status.h"
#include "master/stop.h"
#include "master/upgrade.h"
#include "master/wake.h"
#include "net/store.h"
#include "system/notify.h"
#include "system/title.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-event.h>

#define HASTY_MOST     256 /* turns in a row that may end at once */
#define HASTY_AGAIN    32  /* after a sleep */
#define HASTY_SLEEP_MS 50

struct master {
    const struct master_settings *settings;
    sd_event *event;
    struct children children;
    struct generations generations;
    struct failure failure;
    struct readiness readiness;
    struct start start;
    struct reload reload;
    struct contents contents;
    struct upgrade upgrade;
    struct stop stop;
    struct control_server control;
    struct rundir rundir;
    bool has_terminal; /* the process ends when it is closed */
    int replaced_fd;   /* see master_settings */

    struct status status;
    struct meter meter;
    struct message unwanted; /* a socket that was passed and does not belong to a listener */
    struct message refused;  /* why the last good configuration is used; "": it is not */
    int64_t store_at;        /* when to store more sockets with the service manager; SLOT_NEVER: it has all */
    int64_t leave_at;        /* stopping: from then on killed children are not waited for */
    int64_t told_wait;       /* until when the service manager was asked to wait for the start */
    int64_t watchdog_at;
    unsigned hasty; /* turns in a row that ended at once */
};

/* --- The state --- */

static enum service_state state_of(const struct master *master)
{
    if (master->stop.phase != STOP_NO)
        return master->stop.replaced              ? SERVICE_REPLACED
               : master->stop.phase == STOP_DELAY ? SERVICE_STOPPING
                                                  : SERVICE_DRAINING;
    if (master->start.phase != START_DONE)
        return start_obstacle(&master->start)[0] ? SERVICE_WAITING : SERVICE_STARTING;
    return master->reload.running ? SERVICE_RELOADING : SERVICE_SERVING;
}

/* Collects what other modules know before the state is reported. */
static void note_state(struct master *master, int64_t now)
{
    master->status.view.waiting = start_obstacle(&master->start);
    status_note(&master->status, state_of(master), now);
}

/* --- Requests of the control socket --- */

static char *answer(void *context, const struct control_peer *peer, const char *request, size_t *length,
                    unsigned *ticket)
{
    struct master *master = context;
    int64_t now = monotonic_ns();
    struct view view = status_view(&master->status, now);
    struct request_order order;
    char *text = requests_answer(&view, peer, request, length, &order);

    if (order.change == CHANGE_CONFIGURATION) {
        *ticket = reload_request(&master->reload);
        start_reload(&master->start);
    } else if (order.change == CHANGE_STATE) {
        readiness_set(&master->readiness, &order.state, peer->credentials.uid, now);
        text = requests_changed(&view, length);
    }
    return text;
}

/* systemd waits for READY=1 after a refused reload, too. */
static void reload_over(void *context, unsigned run, int code, const char *text)
{
    struct master *master = context;
    int64_t now = monotonic_ns();
    struct view view;
    size_t length;
    char *document;

    if (code == EX_OK)
        master->refused.text[0] = '\0';
    if (master->stop.phase == STOP_NO) /* a stop cancels one, and refuses none */
        status_reloaded(&master->status, code, text, now);
    note_state(master, now);
    if (master->stop.phase == STOP_NO)
        status_ready(&master->status, now);
    view = status_view(&master->status, now);
    document = requests_reloaded(&view, code, text, &length);
    if (document)
        control_server_answer(&master->control, run, document, length);
    free(document);
}

/* --- Signals --- */

/* A restart soon after the start finds every socket, too. Returns the time after that. */
static int64_t store_all(const struct master *master, int64_t now)
{
    const struct generation *serving = master->generations.serving;

    if (!serving || master->stop.replaced)
        return now;
    store_rest(&serving->sockets, DEADLINE_STORE);
    return monotonic_ns();
}

static void stop(struct master *master, int number, int64_t now)
{
    int64_t longest = stop_longest(&master->stop);
    bool first = master->stop.phase == STOP_NO;

    if (first) {
        upgrade_cancel(&master->upgrade);
        now = store_all(master, now);
    }
    stop_request(&master->stop, number, now);
    if (first && !master->stop.replaced)
        readiness_stop(&master->readiness, now);
    if (first) {
        master->leave_at = now + DEADLINE_WORKER_CLOSE;
        start_cancel(&master->start);
        reload_cancel(&master->reload, "the service is stopping", now);
        stop_step(&master->stop, now); /* a cancelled generation drains already */
    }
    note_state(master, now);
    status_refresh(&master->status, now);
    if (first)
        notify_stopping(master->status.line, longest + DEADLINE_EXIT);
}

static void upgrade(struct master *master, int64_t now)
{
    if (master->start.phase != START_DONE || master->reload.running || master->stop.phase != STOP_NO ||
        upgrade_is_running(&master->upgrade))
        log_warning("SIGUSR2 ignored: the service is starting, reloading, stopping or upgrading");
    else
        upgrade_start(&master->upgrade, now);
}

static void handle_hangup(struct master *master, int64_t now)
{
    if (master->has_terminal &&
        !signals_has_terminal()) { /* the terminal was closed, which ends the process */
        stop(master, SIGTERM, now);
        return;
    }
    reload_request(&master->reload);
    start_reload(&master->start);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *argument)
{
    struct master *master = argument;
    int64_t now = monotonic_ns();

    (void)source;
    switch ((int)info->ssi_signo) {
    case SIGHUP:
        handle_hangup(master, now);
        break;
    case SIGUSR1:
        report_counters(&master->generations, LOG_NOTICE);
        break;
    case SIGUSR2:
        upgrade(master, now);
        break;
    case SIGCHLD:
        children_reap(&master->children);
        break;
    default:
        stop(master, (int)info->ssi_signo, now);
        break;
    }
    return 0;
}

/* --- What is due --- */

static const struct generation *serving(const struct master *master)
{
    return master->generations.serving;
}

/* systemd stores thousands of sockets slowly, since it compares each with all that it has, so they are sent
 * in parts. */
static int64_t store_sockets(struct master *master, int64_t now)
{
    if (!serving(master) || master->stop.phase != STOP_NO)
        return SLOT_NEVER;
    if (now >= master->store_at) {
        int64_t pause = store_some(&serving(master)->sockets);

        master->store_at = pause < 0 ? SLOT_NEVER : now + pause;
    }
    return master->store_at;
}

/* Saves the serving configuration, which a restart falls back to. */
static void keep_last_good(struct master *master)
{
    master->store_at = 0;
    if (!master->refused.text[0] && notify_enabled())
        rundir_keep_conf(&master->rundir, serving(master)->conf);
}

/* Only after the control socket is published: until then the process being replaced could still receive a new
 * state. */
static void take_over_state(struct master *master, int64_t now)
{
    if (master->rundir.is_ours && master->replaced_fd >= 0)
        readiness_restore(&master->readiness, now);
}

static void first_ready(struct master *master, int64_t now)
{
    const struct generation *first = serving(master);

    log_open(first->conf->log_target, first->conf->log_level);
    report_start(first, master->settings->source);
    master->refused = master->start.degraded;
    keep_last_good(master);
    store_sockets(master, now); /* the first of them before READY=1: systemctl returns with it */
    rundir_publish(&master->rundir);
    take_over_state(master, now);
    rundir_write_pid(&master->rundir);
    note_state(master, now);
    status_ready(&master->status, now);
    upgrade_report_ready(&master->replaced_fd);
    generations_serve_leftover(&master->generations, now);
    registry_drop_unclaimed(master->settings->registry, &master->unwanted);
}

static void start_failed(struct master *master, int64_t now)
{
    start_cancel(&master->start);
    stop_drain(&master->stop, now);
    reload_cancel(&master->reload, "the service cannot start", now);
}

static int64_t step_start(struct master *master, int64_t now)
{
    enum start_phase before = master->start.phase;
    int64_t next = start_step(&master->start, now);

    if (master->start.phase == START_WAITING && next != master->told_wait) {
        note_state(master, now);
        status_refresh(&master->status, now);
        notify_waiting(master->status.line, next - now + DEADLINE_BIND_EXTRA);
        master->told_wait = next;
    }
    if (before != START_DONE && master->start.phase == START_DONE)
        first_ready(master, now);
    if (master->start.phase == START_FAILED && master->stop.phase == STOP_NO)
        start_failed(master, now);
    return next;
}

static int64_t step_contents(struct master *master, int64_t now)
{
    bool changed = false;
    int64_t next = contents_step(&master->contents, master->stop.phase == STOP_NO ? serving(master) : NULL,
                                 &changed, now);

    if (changed)
        reload_request(&master->reload);
    return next;
}

static int64_t step_reload(struct master *master, int64_t now)
{
    const struct generation *before = serving(master);
    bool may_begin = before && master->stop.phase == STOP_NO && !upgrade_is_running(&master->upgrade) &&
                     !master->upgrade.done;
    int64_t next = reload_step(&master->reload, may_begin, now);

    if (before && serving(master) != before)
        keep_last_good(master);
    return next;
}

static int64_t step_upgrade(struct master *master, int64_t now)
{
    int64_t next = upgrade_step(&master->upgrade, now);

    if (master->upgrade.done && !master->stop.replaced) {
        master->stop.replaced = true;
        stop(master, SIGTERM, now); /* in the same way as on a signal */
    }
    return next;
}

static int64_t step_readiness(struct master *master, int64_t now)
{
    return readiness_step(&master->readiness, now);
}

static int64_t feed_watchdog(struct master *master, int64_t now)
{
    int64_t interval = notify_watchdog_interval();
    const struct generation *generation = serving(master);

    if (interval == 0)
        return SLOT_NEVER;
    if (now >= master->watchdog_at) {
        master->watchdog_at = now + interval;
        if (!generation || master->stop.phase != STOP_NO || generation_is_alive(generation, now))
            notify_watchdog();
    }
    return master->watchdog_at;
}

static int64_t sum_metrics(struct master *master, int64_t now)
{
    return meter_step(&master->meter, &master->status.view, now);
}

/* Does everything that is due. Returns when to call again. */
static int64_t turn(struct master *master, int64_t now)
{
    int64_t (*const steps[])(struct master *, int64_t) = {step_start,    step_contents,  step_reload,
                                                          step_upgrade,  step_readiness, store_sockets,
                                                          feed_watchdog, sum_metrics};
    uint64_t changes = master->generations.changes;
    int64_t next = generations_step(&master->generations, now), at = stop_step(&master->stop, now);

    next = at < next ? at : next;
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        at = steps[i](master, now);
        next = at < next ? at : next;
    }
    note_state(master, now);
    at = status_step(&master->status, now);
    next = at < next ? at : next;
    if (stop_is_over(&master->stop))
        next = master->leave_at < next ? master->leave_at : next;
    /* After a change there may be more to do. */
    return master->generations.changes != changes ? now : next;
}

/* At the end killed children are waited for, but not for long: the kernel may be unable to end one. */
static bool is_over(const struct master *master, int64_t now)
{
    bool alone = !children_stray(&master->children) && !master->contents.child.pid;

    return stop_is_over(&master->stop) && (alone || now >= master->leave_at);
}

/* --- Start and end --- */

/* In a new worker: frees what belongs to the master. Its descriptors are closed with all others. */
static void forget_master(void *context, const struct generation *own)
{
    struct master *master = context;

    loader_forget(master->reload.loader);
    contents_forget(&master->contents);
    generations_forget(&master->generations, own);
}

static int add_signals(struct master *master)
{
    const int wanted[] = {SIGTERM, SIGINT, SIGQUIT, SIGCHLD, SIGHUP, SIGUSR1, SIGUSR2};
    int error = 0;

    for (size_t i = 0; i < ARRAY_SIZE(wanted) && error >= 0; i++)
        error = sd_event_add_signal(master->event, NULL, wanted[i], on_signal, master);
    return error;
}

static int open_all(struct master *master)
{
    int error = sd_event_new(&master->event);

    if (error >= 0)
        error = add_signals(master);
    if (error >= 0)
        error = generations_open(&master->generations, master->settings->registry, &master->children,
                                 &master->failure);
    if (error >= 0)
        error = wake_always_on(master->event, master->generations.inheritance.ready[0]);
    if (error >= 0)
        error = wake_always_on(master->event, master->generations.inheritance.attention_fd);
    return error;
}

/* In an upgrade the control socket is published when the new process serves. */
static void open_rundir(struct master *master)
{
    if (!rundir_open(&master->rundir, &master->control))
        return;
    readiness_restore(&master->readiness, monotonic_ns());
    if (master->replaced_fd < 0)
        rundir_publish(&master->rundir);
}

static void close_all(struct master *master)
{
    bool keep = master->upgrade.done || notify_enabled(); /* another process has the sockets, too */

    control_server_close(&master->control);
    meter_close(&master->meter);
    contents_close(&master->contents);
    generations_close(&master->generations, keep);
    registry_close(master->settings->registry);
    children_close(&master->children);
    close_fd(&master->replaced_fd);
    sd_event_unref(master->event);
}

/* If epoll_wait(2) fails, sd_event_run() returns at once, with an error or without: sleeps, to limit the
 * load. */
static void keep_pace(struct master *master, int64_t began)
{
    if (monotonic_ns() - began >= NS_PER_MS) {
        master->hasty = 0;
    } else if (++master->hasty > HASTY_MOST) {
        master->hasty -= HASTY_AGAIN;
        poll(NULL, 0, HASTY_SLEEP_MS);
    }
}

static void run(struct master *master)
{
    for (;;) {
        int64_t now = monotonic_ns(), next = turn(master, now), wait = next - now;

        if (is_over(master, now))
            return;
        sd_event_run(master->event, next == SLOT_NEVER ? UINT64_MAX
                                    : wait <= 0        ? 0
                                                       : (uint64_t)(wait / 1000) + 1);
        keep_pace(master, now);
    }
}

static void connect_modules(struct master *master)
{
    const struct master_settings *s = master->settings;

    readiness_open(&master->readiness, &master->generations, monotonic_ns());
    status_open(&master->status, &master->generations, &master->failure, monotonic_ns());
    master->status.view.readiness = &master->readiness;
    master->status.view.degraded = master->refused.text;
    master->status.view.unwanted = master->unwanted.text;
    master->generations.inheritance.forget = forget_master;
    master->generations.inheritance.context = master;
    master->control.event = master->event;
    master->control.answer = answer;
    master->control.context = master;
    master->start = (struct start){.source = s->source,
                                   .children = &master->children,
                                   .generations = &master->generations,
                                   .is_restart = s->inherited > 0};
    master->reload = (struct reload){.source = s->source,
                                     .children = &master->children,
                                     .generations = &master->generations,
                                     .failure = &master->failure,
                                     .over = reload_over,
                                     .context = master};
    master->contents.children = &master->children;
    master->upgrade = (struct upgrade){.event = master->event,
                                       .argv = s->argv,
                                       .ignores_hangup = s->ignores_hangup,
                                       .children = &master->children,
                                       .registry = s->registry,
                                       .failure = &master->failure,
                                       .ready_fd = -1};
    master->stop.generations = &master->generations;
}

static void set_title(const struct conf_source *source)
{
    title_set("sockgreetd: master%s%s", source->path_given ? " " : "",
              source->path_given ? source->path : "");
}

int master_run(const struct master_settings *settings)
{
    struct master master = {
        .settings = settings,
        .replaced_fd = settings->replaced_fd,
        .control.fd = -1,
        .generations.inheritance = {
            .lifeline = {-1, -1}, .ready = {-1, -1}, .announce_fd = -1, .attention_fd = -1}};
    int error;

    log_open(CONF_LOG_STDERR, LOG_INFO); /* until the configuration is loaded */
    error = open_all(&master);
    connect_modules(&master);
    if (error < 0) {
        log_error("cannot start: %s", strerror(-error));
        master.start.status = EX_OSERR;
    } else {
        set_title(settings->source);
        open_rundir(&master);
        master.has_terminal = !settings->ignores_hangup && signals_has_terminal();
        start_begin(&master.start);
        run(&master);
        report_end(&master.generations);
        status_refresh(&master.status, monotonic_ns());
        if (!master.upgrade.done)
            rundir_remove_pid(&master.rundir);
    }
    close_all(&master);
    return master.start.phase == START_FAILED || error < 0 ? master.start.status : EX_OK;
}
