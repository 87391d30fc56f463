/* SPDX-License-Identifier: MIT */
/* requests: what can be asked over the control socket, by whom, and what is answered. */
#ifndef SOCKGREET_REQUESTS_H
#define SOCKGREET_REQUESTS_H

#include "master/control_server.h"
#include "master/view.h"

/* Returns the answer, which the caller frees, or NULL where a reload is to be started, whose end will be the
 * answer (or without memory, with *reload false). */
char *requests_answer(const struct view *view, const struct control_peer *peer, const char *request,
                      size_t *length, bool *reload);

/* The answer to those who have asked for a reload; see struct reload, over. */
char *requests_reloaded(const struct view *view, int code, const char *text, size_t *length);

#endif
