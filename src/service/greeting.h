/* SPDX-License-Identifier: MIT */
/* greeting: templates, compiled when the configuration is loaded and rendered for each client.
 *
 * ${name} stands for a variable, ${name:-default} for a variable that may be empty, $$ for a dollar. What is
 * known when the configuration is loaded (host name, listener, transport) is folded into the text then, so a
 * greeting that uses nothing else is sent straight from the configuration. */
#ifndef SOCKGREET_GREETING_H
#define SOCKGREET_GREETING_H

#include "base/arena.h"
#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>

#define GREETING_MAX        (1024 * 1024) /* bytes, of text and of what it renders to */
#define GREETING_TIME_MAX   40            /* bytes of ${time} */
#define GREETING_ERRORS_MAX 16

enum greeting_variable {
    GREETING_CLIENT_ADDRESS,
    GREETING_CLIENT_PORT,
    GREETING_SERVER_ADDRESS,
    GREETING_SERVER_PORT,
    GREETING_PID,
    GREETING_TIME,
    GREETING_VARIABLES, /* how many are known only when a client is served */
    GREETING_LITERAL = GREETING_VARIABLES
};

struct greeting_part {
    enum greeting_variable variable; /* or GREETING_LITERAL */
    const char *text;                /* the literal, or the default of an empty variable */
    size_t length;
};

struct greeting {
    const char *bytes; /* the whole greeting if is_static */
    size_t length;     /* of bytes; 0 if not is_static */
    bool is_static;
    unsigned uses;     /* bit per enum greeting_variable */
    bool is_unix;      /* its addresses are users and paths */
    size_t max_length; /* what greeting_render() can write at most */
    const struct greeting_part *parts;
    size_t part_count;
};

/* What is known when the configuration is loaded; the transport is one of transport_name()'s. */
struct greeting_constants {
    const char *hostname;
    const char *listener;
    const char *transport;
};

/* Values for the variables of one client; NULL counts as empty. An address is a host alone (address_host());
 * what is longer than a variable can be is cut, so that max_length holds. */
struct greeting_values {
    const char *value[GREETING_VARIABLES];
};

/* All that is wrong with a template, each with what is allowed. */
struct greeting_errors {
    struct message
        list[GREETING_ERRORS_MAX]; /* no two are the same; the last can stand for all that follow */
    size_t count;
};

/* Compiles length bytes of text into *greeting, all of it in arena. Returns 0, or -1 with errors. */
int greeting_compile(struct arena *arena, const char *text, size_t length,
                     const struct greeting_constants *constants, const struct greeting **greeting,
                     struct greeting_errors *errors);

/* Writes the greeting for one client; out has room for max_length bytes. Returns the length. */
size_t greeting_render(const struct greeting *greeting, const struct greeting_values *values, char *out);

#endif
