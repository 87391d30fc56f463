/* SPDX-License-Identifier: MIT */
/* A reload: load, bind what is new, start the new generation, and only when it serves drain the old one.
 * Whatever fails leaves the old generation as it was. */
#include "base/deadlines.h"
#include "base/util.h"
#include "log/log.h"
#include "master/master_internal.h"
#include "system/notify.h"
#include "system/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define LOOK_NS NS_PER_MS /* between two looks whether they have */

static void answer_one(uint32_t token, int code, const char *text)
{
    char name[64], reply[REASON_MAX + 32];

    snprintf(name, sizeof(name), PROTOCOL_REPLY "%u", token);
    snprintf(reply, sizeof(reply), "%d\n%s\n", code, text);
    if (runtime_write(name, reply) == 0)
        return;
    snprintf(name, sizeof(name), PROTOCOL_REPLY "%u.%d", token, code);
    if (runtime_touch(name) < 0)
        log_warning("cannot answer sockgreetctl in the runtime directory");
}

static void answer(const struct reload *reload, int code, const char *text)
{
    for (unsigned i = 0; i < reload->answering.count; i++)
        answer_one(reload->answering.token[i], code, text);
}

void reload_request(struct master *master, uint32_t token)
{
    struct tokens *asking = &master->reload.asking;

    master->reload.requested = true;
    if (token && asking->count < TOKENS_MAX)
        asking->token[asking->count++] = token;
    else if (token)
        answer_one(token, EX_OSERR, "too many reloads at once");
}

/* The reload is over. systemd waits for READY=1 also after a refused one. */
static void finish(struct master *master, int code, const char *text, int64_t now)
{
    struct reload *reload = &master->reload;

    log_capture(NULL, 0);
    reload->running = false;
    if (code)
        log_event(LOG_ERR, MESSAGE_CONFIGURATION_REFUSED, NULL, "Reload refused; generation %u serves on",
                  master->serving->number);
    answer(reload, code, text);
    reload->answering.count = 0;
    status_ready(master, now);
}

static void fail(struct master *master, int code, int64_t now)
{
    struct reload *reload = &master->reload;
    size_t length = strlen(reload->reason);

    if (length && reload->reason[length - 1] == '\n')
        reload->reason[length - 1] = '\0';
    snprintf(master->last_failure, sizeof(master->last_failure), "reload refused: %.*s",
             (int)strcspn(reload->reason, "\n"), reload->reason);
    finish(master, code, reload->reason, now);
}

static void begin(struct master *master, int64_t now)
{
    struct reload *reload = &master->reload;
    struct conf_source source;
    int error;

    reload->requested = false;
    reload->running = true;
    reload->answering = reload->asking;
    reload->asking.count = 0;
    reload->reason[0] = '\0';
    reload->deadline = now + DEADLINE_LOAD_SECONDS * NS_PER_S;
    notify_reloading();
    log_capture(reload->reason, sizeof(reload->reason));
    source = *master->settings->source;
    source.path_given |=
        master->serving->conf->file != NULL; /* built-in defaults are for a start without a file */
    error = loader_start(&source, &reload->loader);
    if (error == 0)
        return;
    reload->loader = NULL;
    log_error("cannot start the loader: %s", strerror(-error));
    fail(master, EX_OSERR, now);
}

static void loaded(struct master *master, int64_t now)
{
    struct reload *reload = &master->reload;
    const struct conf *conf = NULL;
    struct message unused = {0};
    struct conf_messages *messages = NULL;
    enum loader_status status = loader_finish(reload->loader, &conf, &messages);

    reload->loader = NULL;
    log_conf_messages(messages);
    conf_messages_free(messages);
    if (status != LOADER_LOADED) {
        fail(master, status == LOADER_REFUSED ? EX_CONFIG : EX_OSERR, now);
        return;
    }
    master->starting =
        generation_new(master->last_number + 1, conf, master->service, master->registry, &unused);
    if (!master->starting) {
        conf_free(conf);
        fail(master, EX_OSERR, now);
        return;
    }
    master->last_number++;
    reload->deadline = now + DEADLINE_GENERATION_READY;
}

/* A generation whose workers do not come up is retired like an old one: some of its workers may have greeted
 * already. */
static void abandon_start(struct master *master, int64_t now)
{
    master_abandon_start(master, now);
    fail(master, EX_OSERR, now);
}

void reload_worker_failed(struct master *master, int64_t now)
{
    if (master->starting && master->serving)
        abandon_start(master, now);
}

static void save_last_good(FILE *out, const void *conf)
{
    conf_print(conf, out);
}

/* The first generation, or a reload's, serves. */
void reload_promote(struct master *master, int64_t now)
{
    struct generation *old = master->serving, *new = master->starting;

    if (sockets_publish(&new->sockets) < 0 && old) {
        abandon_start(master, now);
        return;
    }
    new->state = GENERATION_SERVING;
    master->serving = new;
    master->starting = NULL;
    log_open(new->conf->log_target, new->conf->log_level);
    sockets_settle(&new->sockets);
    master->store_at = now; /* after READY=1, which somebody waits for */
    if (old) {
        master_retire_generation(master, old, now);
        master->degraded[0] = '\0';
    }
    if (!master->degraded[0] && notify_enabled() &&
        runtime_replace(PROTOCOL_LAST_GOOD, save_last_good, new->conf) < 0)
        log_warning("cannot keep a copy of the configuration in the runtime directory");
    if (!old)
        return;
    master->reload.retiring = old->number;
    master->reload.deadline = now + DEADLINE_RETIRE;
}

static bool is_accepting(const struct master *master, unsigned number)
{
    for (unsigned i = 0; i < master->draining_count; i++)
        if (master->draining[i]->number == number)
            return generation_is_accepting(master->draining[i]);
    return false;
}

/* A reload is over when only the new generation greets those who come. */
static void finish_retirement(struct master *master, int64_t now)
{
    const struct generation *new = master->serving;
    char text[128];

    if (now < master->reload.deadline && is_accepting(master, master->reload.retiring))
        return;
    master->reload.retiring = 0;
    snprintf(text, sizeof(text), "Reloaded: generation %u serves with %u workers", new->number,
             new->slots.count);
    log_event(LOG_INFO, MESSAGE_RELOADED, NULL, "%s", text);
    finish(master, 0, text, now);
}

void reload_step(struct master *master, int64_t now)
{
    struct reload *reload = &master->reload;
    struct pollfd ended = {.fd = reload_fd(master), .events = POLLIN};

    if (reload->loader && (now >= reload->deadline || poll(&ended, 1, 0) == 1))
        loaded(master, now);
    else if (reload->running && master->starting && now >= reload->deadline) {
        log_error("the new generation's workers were not ready in %.0f s",
                  (double)DEADLINE_GENERATION_READY / NS_PER_S);
        abandon_start(master, now);
    } else if (reload->retiring)
        finish_retirement(master, now);
    if (reload->requested && !reload->running && master->serving && master->stop == STOP_NO &&
        !master->upgrade.pid && master->draining_count < DRAINING_MAX)
        begin(master, now);
}

int reload_fd(const struct master *master)
{
    return master->reload.loader ? loader_fd(master->reload.loader) : -1;
}

pid_t reload_pid(const struct master *master)
{
    return master->reload.loader ? loader_pid(master->reload.loader) : 0;
}

int64_t reload_next(const struct master *master, int64_t now)
{
    if (master->reload.retiring)
        return now + LOOK_NS;
    return master->reload.running ? master->reload.deadline : SLOT_NEVER;
}

/* The service ends: whoever waits for a reload is told. */
void reload_close(struct master *master)
{
    struct reload *reload = &master->reload;
    const struct conf *conf = NULL;
    struct conf_messages *messages = NULL;

    log_capture(NULL, 0);
    if (reload->loader) {
        loader_finish(reload->loader, &conf, &messages);
        conf_free(conf);
        conf_messages_free(messages);
        reload->loader = NULL;
    }
    answer(reload, EX_OSERR, "the service stops");
    reload->answering = reload->asking;
    answer(reload, EX_OSERR, "the service stops");
    reload->answering.count = reload->asking.count = 0;
    reload->running = reload->requested = false;
    reload->retiring = 0;
}
