/* SPDX-License-Identifier: MIT */
/* The start: the first generation, and what becomes of the sockets that an earlier life of the service left.
 */
#include "base/deadlines.h"
#include "base/util.h"
#include "conf/conf_loader.h"
#include "log/log.h"
#include "master/master_internal.h"
#include "system/notify.h"
#include "system/runtime.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>

static void note_degraded(struct master *master, const char *why)
{
    snprintf(master->degraded, sizeof(master->degraded), "%.*s", (int)strcspn(why, "\n"), why);
}

static void open_log(const struct conf *conf)
{
    log_open(conf ? conf->log_target : CONF_LOG_AUTO, conf ? conf->log_level : LOG_INFO);
}

/* Returns 0 with *conf, or an exit status with the reason in *messages, which the caller frees. */
static int load(const struct conf_source *source, const struct conf **conf, struct conf_messages **messages)
{
    enum loader_status status = loader_run(source, conf, messages);

    open_log(*conf);
    log_conf_messages(*messages);
    return status == LOADER_LOADED ? 0 : status == LOADER_REFUSED ? EX_CONFIG : EX_OSERR;
}

static bool open_first(struct master *master, const struct conf *conf, struct message *reason)
{
    master->starting = generation_new(1, conf, master->service, master->registry, reason);
    return master->starting != NULL;
}

static bool is_restart(const struct master *master)
{
    return master->settings->inherited > 0 && notify_enabled();
}

/* A restart that cannot have what the file says is no outage: the configuration that served before the
 * restart goes on serving. */
static bool open_last_good(struct master *master, const char *why)
{
    char path[PROTOCOL_PATH_MAX];
    struct conf_messages *messages = NULL;
    struct conf_source source = {.path = path, .path_given = true};
    struct message reason = {0};
    const struct conf *conf = NULL;

    if (!is_restart(master) || !protocol_path(PROTOCOL_LAST_GOOD, path, sizeof(path)) ||
        access(path, R_OK) < 0)
        return false;
    if (loader_run(&source, &conf, &messages) != LOADER_LOADED)
        log_conf_messages(messages);
    conf_messages_free(messages);
    if (!conf || !open_first(master, conf, &reason)) {
        conf_free(conf);
        return false;
    }
    open_log(conf);
    note_degraded(master, why);
    log_event(LOG_ERR, MESSAGE_CONFIGURATION_REFUSED, NULL,
              "The configuration was refused; the last good one serves until a reload succeeds");
    return true;
}

enum request { REQUEST_NONE, REQUEST_RELOAD, REQUEST_STOP };

/* Signals that came meanwhile; SIGHUP and SIGRTMIN say that the file was mended. */
static enum request read_request(struct master *master)
{
    enum request request = REQUEST_NONE;
    struct signalfd_siginfo info;

    while (read(master->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        int number = (int)info.ssi_signo;

        if (number == SIGTERM || number == SIGINT || number == SIGQUIT)
            return REQUEST_STOP;
        if (number == SIGHUP || number == SIGRTMIN)
            request = REQUEST_RELOAD;
        if (number == SIGRTMIN)
            reload_request(master, (uint32_t)info.ssi_int);
    }
    return request;
}

static enum request pause_for(struct master *master, int64_t pause)
{
    struct pollfd signals = {.fd = master->signal_fd, .events = POLLIN};
    int64_t end = monotonic_ns() + pause, left = pause;
    enum request request = REQUEST_NONE;

    while (left > 0 && request == REQUEST_NONE) {
        poll(&signals, 1, (int)(left / NS_PER_MS) + 1);
        request = read_request(master);
        left = end - monotonic_ns();
    }
    return request;
}

static void tell_waiting(struct master *master, const struct message *reason, int64_t pause)
{
    snprintf(master->status, sizeof(master->status), "%s, trying again", reason->text);
    notify_waiting(master->status, pause + DEADLINE_BIND_EXTRA);
}

/* The file may have been mended. A bad one changes nothing. */
static void reload_waiting(const struct master *master, const struct conf **conf)
{
    const struct conf *mended = NULL;
    struct conf_messages *messages = NULL;

    if (load(master->settings->source, &mended, &messages) == 0) {
        conf_free(*conf);
        *conf = mended;
    }
    conf_messages_free(messages);
}

/* Tries until everything can be had, with pauses that grow. systemd would start the process again and again
 * instead, and fill the journal. Returns as start_first(). */
static int wait_until_open(struct master *master, const struct conf *conf, struct message *reason)
{
    int64_t pause = DEADLINE_BIND_FIRST;

    for (;;) {
        enum request request;

        tell_waiting(master, reason, pause);
        request = pause_for(master, pause);
        if (request == REQUEST_STOP) {
            conf_free(conf);
            return EX_OK;
        }
        if (request == REQUEST_RELOAD)
            reload_waiting(master, &conf);
        if (open_first(master, conf, reason))
            return EX_OK;
        pause = 2 * pause < DEADLINE_BIND_LAST ? 2 * pause : DEADLINE_BIND_LAST;
    }
}

static bool open_instead(struct master *master, const struct conf_messages *messages)
{
    struct message why;

    conf_messages_errors(messages, why.text, sizeof(why.text));
    return open_last_good(master, *why.text ? why.text : "it cannot be loaded");
}

int start_first(struct master *master)
{
    const struct conf *conf = NULL;
    struct message reason = {0};
    struct conf_messages *messages = NULL;
    int status = load(master->settings->source, &conf, &messages);

    if (status) {
        if (open_instead(master, messages))
            status = EX_OK;
    } else if (!open_first(master, conf, &reason)) {
        if (open_last_good(master, reason.text))
            conf_free(conf);
        else if (notify_enabled())
            status = wait_until_open(master, conf, &reason);
        else {
            conf_free(conf);
            status = EX_OSERR;
        }
    }
    conf_messages_free(messages);
    return status;
}

void start_settle(struct master *master, int64_t now)
{
    struct generation *leftover = generation_new_leftover(master->serving, master->service, now);

    if (leftover)
        master->draining[master->draining_count++] = leftover;
    registry_settle(master->registry, &master->unwanted);
}
