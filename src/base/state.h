/* SPDX-License-Identifier: MIT */
/* state: whether the service wants clients, as load balancers understand it: a word, a weight and a reason.
 *
 * A reason is printable ASCII without quotes and backslashes, so that it is the same text in a line, in JSON
 * and in the shell. */
#ifndef SOCKGREET_STATE_H
#define SOCKGREET_STATE_H

#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>

#define STATE_REASON_MAX  64  /* an answer with everything in it fits into a datagram */
#define STATE_WEIGHT_MAX  256 /* percent; HAProxy takes no larger weight */
#define STATE_WEIGHT_FULL 100
#define STATE_TEXT_MAX    (sizeof("ready 256% ") + STATE_REASON_MAX)

/* From the best to the worst: X(IDENTIFIER, word). */
#define STATE_WORDS(X)                                             \
    X(READY, ready)                                                \
    X(DRAIN, drain) /* no new clients; those who are there stay */ \
    X(MAINT, maint) /* nobody */

#define STATE_WORD(identifier, word) STATE_##identifier,
enum state_word { STATE_WORDS(STATE_WORD) STATE_WORD_COUNT };
#undef STATE_WORD

struct state {
    enum state_word word;
    unsigned weight; /* percent of what the balancer has planned */
    char reason[STATE_REASON_MAX + 1];
};

/* What a service is in that nobody has told anything. */
#define STATE_DEFAULT ((struct state){.word = STATE_READY, .weight = STATE_WEIGHT_FULL})

/* "ready". */
const char *state_name(enum state_word word);

/* Whether they are the same in all they say. */
bool state_equal(const struct state *a, const struct state *b);

/* The worse of the two by its word; a if that is the same. */
const struct state *state_worse(const struct state *a, const struct state *b);

/* Sets a reason that need not be one: what cannot stand in it becomes '?', and its end is cut. */
void state_set_reason(struct state *state, const char *text);

/* Reads "WORD [N%] [REASON...]". Returns 0; or -1 with a message, and state is as it was. */
int state_parse(const char *text, struct state *state, struct message *error);

/* Writes what state_parse() reads. */
void state_print(const struct state *state, char text[STATE_TEXT_MAX]);

#endif
