/* SPDX-License-Identifier: MIT */
/* pattern: a POSIX extended regular expression, searched for in an answer. */
#ifndef SOCKGREET_PATTERN_H
#define SOCKGREET_PATTERN_H

#include "base/message.h"

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#define PATTERN_SEARCHED_MAX 65536 /* bytes of an answer; the rest is not searched */

struct pattern {
    regex_t regex;
};

/* A part of the bytes that were searched. */
struct pattern_match {
    const char *bytes;
    size_t count;
};

/* Compiles text. Returns 0, or -1 with "'text' is not a regular expression: why" in error. */
int pattern_compile(struct pattern *pattern, const char *text, struct message *error);

/* Whether the pattern is found, in the bytes without the newlines at their end; ^ and $ match at every line.
 * match, if not NULL, becomes what the first group matched, or the whole match if the pattern has no group or
 * the group did not match. */
bool pattern_find(const struct pattern *pattern, const char *bytes, size_t count,
                  struct pattern_match *match);

void pattern_free(struct pattern *pattern);

#endif
