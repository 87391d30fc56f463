/* SPDX-License-Identifier: MIT */
/* requests: what can be asked over the control socket, by whom, and what is answered. */
#ifndef SOCKGREET_REQUESTS_H
#define SOCKGREET_REQUESTS_H

#include "master/control_server.h"
#include "master/view.h"

/* What a request asks to be changed. */
struct request_order {
    enum { CHANGE_NOTHING, CHANGE_CONFIGURATION, CHANGE_STATE } change;
    struct state state; /* the one to set */
};

/* Returns the answer, which the caller frees; or NULL where something is to be changed, as *order says, or
 * without memory. The end of the reload that is to be started will be the answer, or requests_changed(). */
char *requests_answer(const struct view *view, const struct control_peer *peer, const char *request,
                      size_t *length, struct request_order *order);

/* The answer to those who have set the state. */
char *requests_changed(const struct view *view, size_t *length);

/* The answer to those who have asked for a reload; see struct reload, over. */
char *requests_reloaded(const struct view *view, int code, const char *text, size_t *length);

#endif
