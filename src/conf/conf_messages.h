/* SPDX-License-Identifier: MIT */
/* conf_messages: the loader's messages about a configuration, each with its level. */
#ifndef SOCKGREET_CONF_MESSAGES_H
#define SOCKGREET_CONF_MESSAGES_H

#include "conf/conf_report.h"

#include <stddef.h>
#include <stdio.h>

struct conf_message {
    enum conf_level level;
    const char *place; /* "file:line: setting: " or a part of it */
    const char *what;  /* what is wrong, and what is allowed */
};

struct conf_messages {
    size_t count;
    struct conf_message list[];
};

/* Copies the messages of a report; the caller frees them with conf_messages_free(). Returns NULL if there is
 * no memory, which the other functions take for "no messages". */
struct conf_messages *conf_messages_copy(const struct conf_report *report);

/* One error. Returns as conf_messages_copy(). */
struct conf_messages *conf_messages_error(const char *place, const char *what);

/* Prints a line for each message. */
void conf_messages_print(const struct conf_messages *messages, FILE *out);

/* Writes only the errors to text, one per line as far as they fit, without a newline at the end; the first
 * line is the reason for a refusal. "" if there are none. */
void conf_messages_errors(const struct conf_messages *messages, char *text, size_t size);

void conf_messages_free(struct conf_messages *messages);

#endif
