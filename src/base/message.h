/* SPDX-License-Identifier: MIT */
/* message: a bounded text for people, on its way from the function that noticed something to the one that
 * reports it. */
#ifndef SOCKGREET_MESSAGE_H
#define SOCKGREET_MESSAGE_H

#include <stdarg.h>
#include <stdbool.h>

#define MESSAGE_MAX 768 /* bytes, with the end */

struct message {
    char text[MESSAGE_MAX]; /* "": there is none */
};

/* Replaces the text; text that does not fit is cut. Returns -1, so that a failure is one statement. */
int message_set(struct message *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, but returns whether the text has changed, so that repeated attempts are logged once. */
bool message_change(struct message *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends. */
void message_add(struct message *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
