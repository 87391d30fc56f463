/* SPDX-License-Identifier: MIT */
/* requests: the requests of the control socket, which users may send them, and their answers. */
#ifndef SOCKGREET_REQUESTS_H
#define SOCKGREET_REQUESTS_H

#include "master/control_server.h"
#include "master/view.h"

/* The change that a request asks for. */
struct request_order {
    enum { CHANGE_NOTHING, CHANGE_CONFIGURATION, CHANGE_STATE } change;
    struct state state; /* CHANGE_STATE: the new one */
};

/* Returns the answer, which the caller frees. NULL: without memory, or if *order asks for a change; the
 * answer is then requests_reloaded() at the end of the reload, or requests_changed(). */
char *requests_answer(const struct view *view, const struct control_peer *peer, const char *request,
                      size_t *length, struct request_order *order);

/* The answer to a request that has set the state. */
char *requests_changed(const struct view *view, size_t *length);

/* The answer to a request for a reload; see struct reload, over. */
char *requests_reloaded(const struct view *view, int code, const char *text, size_t *length);

#endif
