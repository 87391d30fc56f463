/* SPDX-License-Identifier: MIT */
#include "master/requests.h"

#include "base/escape.h"
#include "master/describe.h"

#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

struct request {
    const char *name;
    void (*describe)(struct json *json, const struct view *view); /* NULL: a reload */
    bool changes;                                                 /* the service; needs permission */
    bool may_change;                                              /* the same, if it has an argument */
};

static const struct request requests[] = {
    {"status", describe_status, false, false},
    {"listeners", describe_listeners, false, false},
    {"workers", describe_workers, false, false},
    {"counters", describe_counters, false, false},
    {"config", describe_configuration, false, false},
    {"state", describe_readiness, false, true},
    {"reload", NULL, true, false},
};

#define ALLOWED "status, listeners, workers, counters, config, state, reload"

/* Finds a request by its name. *words: its argument, or NULL. */
static const struct request *find(const char *text, const char **words)
{
    size_t length = strcspn(text, " ");

    *words = text[length] ? text + length : NULL;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        if (strlen(requests[i].name) == length && memcmp(requests[i].name, text, length) == 0)
            return *words && !requests[i].may_change ? NULL : &requests[i];
    return NULL;
}

__attribute__((format(printf, 3, 4))) static char *refuse(size_t *length, int code, const char *format, ...)
{
    struct message text;
    struct json json;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text.text, sizeof(text.text), format, arguments);
    va_end(arguments);
    json_write_begin(&json);
    json_write_text(&json, "error", text.text);
    json_write_number(&json, "code", (uint64_t)code);
    return json_write_end(&json, length);
}

static bool is_in_control_group(const struct view *view, const struct control_peer *peer)
{
    const struct generation *generation = view_current(view);

    return generation && generation->conf->control_gid != (gid_t)-1 &&
           control_peer_is_member(peer, generation->conf->control_gid);
}

/* Root, the master's user, and members of control.group; but not a worker, which a client may have
 * compromised. */
static bool may_change(const struct view *view, const struct control_peer *peer)
{
    const struct ucred *who = &peer->credentials;

    if (who->pid > 0 && generations_find(view->generations, who->pid))
        return false;
    return who->uid == 0 || who->uid == geteuid() || is_in_control_group(view, peer);
}

static char *refuse_unknown(const char *request, size_t *length)
{
    char shown[64];

    escape_bytes(shown, sizeof(shown), request, strlen(request));
    return refuse(length, EX_USAGE, "unknown request '%s'; allowed: " ALLOWED, shown);
}

/* Fills order for a request with permission. */
static char *order_change(const struct view *view, const char *words, size_t *length,
                          struct request_order *order)
{
    struct message error;

    if (view->state >= SERVICE_STOPPING)
        return refuse(length, EX_OSERR, "the service is stopping");
    if (words && state_parse(words, &order->state, &error) < 0)
        return refuse(length, EX_USAGE, "%s", error.text);
    order->change = words ? CHANGE_STATE : CHANGE_CONFIGURATION;
    return NULL;
}

static char *describe(const struct request *request, const struct view *view, size_t *length)
{
    struct json json;

    json_write_begin(&json);
    request->describe(&json, view);
    return json_write_end(&json, length);
}

char *requests_answer(const struct view *view, const struct control_peer *peer, const char *request,
                      size_t *length, struct request_order *order)
{
    const char *words;
    const struct request *known = find(request, &words);

    order->change = CHANGE_NOTHING;
    if (!known)
        return refuse_unknown(request, length);
    if (!known->changes && !words)
        return describe(known, view, length);
    if (!may_change(view, peer))
        return refuse(length, EX_NOPERM,
                      "'%s%s' is allowed for root, the service's user (uid %u) and members of control.group",
                      known->name, words ? " WORD" : "", (unsigned)geteuid());
    return order_change(view, words, length, order);
}

char *requests_changed(const struct view *view, size_t *length)
{
    const char *none;

    return describe(find("state", &none), view, length);
}

char *requests_reloaded(const struct view *view, int code, const char *text, size_t *length)
{
    const struct generation *serving = view->generations->serving;
    struct json json;

    json_write_begin(&json);
    json_write_text(&json, code ? "error" : "text", text);
    json_write_number(&json, "code", (uint64_t)code);
    if (serving && code == EX_OK) {
        json_write_number(&json, "generation", serving->number);
        json_write_number(&json, "workers", serving->slots.count);
    }
    return json_write_end(&json, length);
}
