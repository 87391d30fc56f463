/* SPDX-License-Identifier: MIT */
/* expect: what an answer must contain or match (--expect), and the message if it does not. */
#ifndef SOCKGREET_EXPECT_H
#define SOCKGREET_EXPECT_H

#include "base/message.h"
#include "client/pattern.h"

#include <stdbool.h>
#include <stddef.h>

struct expect {
    const char *argument; /* as given */
    bool is_pattern;
    struct pattern pattern;
};

/* Reads "text", or "/regular expression/", which must outlive it. Returns 0, or -1 with a message in error.
 */
int expect_parse(struct expect *expect, const char *argument, struct message *error);

/* Whether an answer is as expected. If not, sets why to "does not contain "x": "the beginning of the
 * answer"", safe for a terminal. */
bool expect_met(const struct expect *expect, const char *answer, size_t length, struct message *why);

void expect_free(struct expect *expect);

#endif
