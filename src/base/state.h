/* SPDX-License-Identifier: MIT */
/* state: the readiness of the service, as load balancers understand it: a word, a weight and a reason.
 *
 * A reason is printable ASCII without quotes and backslashes, so that it is the same text in a line, in JSON
 * and in the shell. */
#ifndef SOCKGREET_STATE_H
#define SOCKGREET_STATE_H

#include "base/message.h"

#include <stdbool.h>

#define STATE_REASON_MAX  64  /* so that an answer with everything fits into a datagram */
#define STATE_WEIGHT_MAX  256 /* percent; HAProxy takes no larger weight */
#define STATE_WEIGHT_FULL 100
#define STATE_TEXT_MAX    (sizeof("ready 256% ") + STATE_REASON_MAX)

/* From the best to the worst: X(IDENTIFIER, word). */
#define STATE_WORDS(X)                                        \
    X(READY, ready)                                           \
    X(DRAIN, drain) /* no new clients; connected ones stay */ \
    X(MAINT, maint) /* no clients */

#define STATE_WORD(identifier, word) STATE_##identifier,
enum state_word { STATE_WORDS(STATE_WORD) STATE_WORD_COUNT };
#undef STATE_WORD

struct state {
    enum state_word word;
    unsigned weight; /* percent of the weight configured in the balancer */
    char reason[STATE_REASON_MAX + 1];
};

/* The state until another one is set. */
#define STATE_DEFAULT ((struct state){.word = STATE_READY, .weight = STATE_WEIGHT_FULL})

/* "ready". */
const char *state_name(enum state_word word);

/* Whether word, weight and reason are equal. */
bool state_equal(const struct state *a, const struct state *b);

/* The worse of the two by its word; a if both words are the same. */
const struct state *state_worse(const struct state *a, const struct state *b);

/* Sets the reason to any text: characters that it may not contain become '?', and text that does not fit is
 * cut. */
void state_set_reason(struct state *state, const char *text);

/* Reads "WORD [N%] [REASON...]". Returns 0; or -1 with a message, with state unchanged. */
int state_parse(const char *text, struct state *state, struct message *error);

/* Writes what state_parse() reads. */
void state_print(const struct state *state, char text[STATE_TEXT_MAX]);

#endif
