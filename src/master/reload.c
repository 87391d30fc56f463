/* SPDX-License-Identifier: MIT */
#include "master/reload.h"

#include "base/deadlines.h"
#include "base/util.h"
#include "log/log.h"
#include "master/listening.h"
#include "system/notify.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define LOOK_NS NS_PER_MS /* between two checks whether the old generation's threads accept */

unsigned reload_request(struct reload *reload)
{
    reload->wanted = true;
    return reload->run + 1;
}

static void finish(struct reload *reload, int code, const char *text)
{
    reload->running = false;
    reload->over(reload->context, reload->run, code, text);
}

static void refuse(struct reload *reload, int code)
{
    size_t length = strlen(reload->text);

    if (length && reload->text[length - 1] == '\n')
        reload->text[length - 1] = '\0';
    failure_note(reload->failure, FAILURE_RELOAD, "reload refused: %.*s", (int)strcspn(reload->text, "\n"),
                 reload->text);
    log_event(LOG_ERR, MESSAGE_CONFIGURATION_REFUSED, NULL, "Reload refused: generation %u stays in effect",
              reload->generations->serving->number);
    finish(reload, code, reload->text);
}

__attribute__((format(printf, 2, 3))) static void refuse_saying(struct reload *reload, const char *format,
                                                                ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reload->text, sizeof(reload->text), format, arguments);
    va_end(arguments);
    log_error("%s", reload->text);
    refuse(reload, EX_OSERR);
}

static void begin(struct reload *reload)
{
    struct conf_source source = *reload->source;
    pid_t stray = children_stray(reload->children);
    int error;

    reload->wanted = false;
    reload->running = true;
    reload->run++;
    notify_reloading();
    if (stray) {
        refuse_saying(reload,
                      "process %d of an earlier reload or upgrade cannot be killed (does it wait for a file "
                      "system?); no reload until it has ended",
                      (int)stray);
        return;
    }
    /* The built-in defaults apply only to a start without a file. */
    source.path_given |= reload->generations->serving->conf->file != NULL;
    error = loader_start(&source, reload->children, &reload->loader);
    if (error)
        refuse_saying(reload, "cannot start the loader: %s", strerror(-error));
}

static bool prepare(struct reload *reload, const struct conf *conf)
{
    struct message unused = {0};
    bool prepared;

    log_capture(reload->text, sizeof(reload->text));
    prepared = generations_prepare(reload->generations, conf, &unused);
    log_capture(NULL, 0);
    if (!prepared)
        conf_free(conf);
    return prepared;
}

static void loaded(struct reload *reload, int64_t now)
{
    const struct conf *conf;
    struct conf_messages *messages;
    enum loader_status status = loader_finish(reload->loader, &conf, &messages);

    reload->loader = NULL;
    log_conf_messages(messages);
    conf_messages_errors(messages, reload->text, sizeof(reload->text));
    conf_messages_free(messages);
    if (!conf)
        refuse(reload, status == LOADER_REFUSED ? EX_CONFIG : EX_OSERR);
    else if (!prepare(reload, conf))
        refuse(reload, EX_OSERR);
    else
        reload->deadline = now + DEADLINE_GENERATION_READY;
}

static void promote(struct reload *reload, int64_t now)
{
    struct generations *generations = reload->generations;
    const struct generation *old = generations->serving, *new = generations->starting;
    int error;

    log_capture(reload->text, sizeof(reload->text));
    error = generations_promote(generations, now);
    log_capture(NULL, 0);
    if (error) {
        generations_abandon(generations, now);
        refuse(reload, EX_OSERR);
        return;
    }
    log_open(new->conf->log_target, new->conf->log_level);
    listening_report_changes(&old->sockets, &new->sockets);
    reload->retiring = old->number;
    reload->deadline = now + DEADLINE_RETIRE;
}

static void wait_for_workers(struct reload *reload, int64_t now)
{
    struct generations *generations = reload->generations;
    const struct generation *new = generations->starting;

    if (generations_next_is_ready(generations)) {
        promote(reload, now);
    } else if (new->start_failed) {
        snprintf(reload->text, sizeof(reload->text), "%s", new->last_failure);
        generations_abandon(generations, now);
        refuse(reload, EX_OSERR);
    } else if (now >= reload->deadline) {
        generations_abandon(generations, now);
        refuse_saying(reload, "the new workers were not ready within %.0f s",
                      (double)DEADLINE_GENERATION_READY / NS_PER_S);
    }
}

/* A reload is over when only the new generation accepts clients. */
static void wait_for_retirement(struct reload *reload, int64_t now)
{
    const struct generation *new = reload->generations->serving;

    if (now < reload->deadline && generations_is_accepting(reload->generations, reload->retiring))
        return;
    reload->retiring = 0;
    snprintf(reload->text, sizeof(reload->text), "Reloaded: generation %u serves with %u worker%s",
             new->number, new->slots.count, plural(new->slots.count));
    log_event(LOG_INFO, MESSAGE_RELOADED, NULL, "%s", reload->text);
    failure_clear(reload->failure, FAILURE_RELOAD);
    finish(reload, EX_OK, reload->text);
}

static void continue_run(struct reload *reload, int64_t now)
{
    if (reload->loader && loader_is_over(reload->loader, now))
        loaded(reload, now);
    else if (reload->generations->starting)
        wait_for_workers(reload, now);
    else if (reload->retiring)
        wait_for_retirement(reload, now);
}

int64_t reload_step(struct reload *reload, bool may_begin, int64_t now)
{
    if (reload->running)
        continue_run(reload, now);
    if (reload->wanted && !reload->running && may_begin &&
        generations_draining(reload->generations) < GENERATIONS_DRAINING_MAX)
        begin(reload);
    if (!reload->running)
        return SLOT_NEVER;
    if (reload->loader)
        return loader_next(reload->loader);
    return reload->retiring ? now + LOOK_NS : reload->deadline;
}

void reload_cancel(struct reload *reload, const char *why, int64_t now)
{
    loader_cancel(reload->loader);
    reload->loader = NULL;
    if (reload->generations->serving && reload->generations->starting)
        generations_abandon(reload->generations, now);
    reload->retiring = 0;
    if (reload->running)
        finish(reload, EX_OSERR, why);
    if (reload->wanted) {
        reload->wanted = false;
        reload->run++;
        finish(reload, EX_OSERR, why);
    }
}
