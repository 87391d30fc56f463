/* SPDX-License-Identifier: MIT */
/* ask_options: what is sent, and what counts as an answer (-z, --http, --send, --proxy, --pad, --whole,
 * --expect, --who). */
#ifndef SOCKGREET_ASK_OPTIONS_H
#define SOCKGREET_ASK_OPTIONS_H

#include "base/message.h"
#include "base/transport.h"
#include "client/ask/proxy_writer.h"
#include "client/expect.h"
#include "client/pattern.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#define ASK_OPTIONS_PAD      512 /* no greeting over UDP is longer, so no reply is larger than its request */
#define ASK_OPTIONS_PAD_MAX  65507 /* 65535 less the headers of IPv4 and UDP */
#define ASK_OPTIONS_SEND_MAX (1024 * 1024)

/* All zero to begin with. */
struct ask_options {
    bool connect_only;
    bool whole;
    const char *http_path; /* NULL: not HTTP */
    struct proxy_writer proxy;
    char *message; /* NULL: nothing is sent */
    size_t message_length;
    size_t pad; /* minimum size of a request datagram */
    bool has_pad;
    bool has_expect;
    struct expect expect;
    bool has_who;
    struct pattern who;
};

/* A child parser whose input is a struct ask_options. */
extern const struct argp ask_options_argp;

/* Checks that these options suit the transport. Returns 0, or -1 with a message in error. */
int ask_options_suit(const struct ask_options *ask, enum transport transport, struct message *error);

/* For parsers with other letters: set the text to send, with escapes replaced if escapes is true, and the
 * path for HTTP, NULL: the root. Both end the program with a usage error as argp_error() does. */
void ask_options_send(struct argp_state *state, const char *option, struct ask_options *ask, const char *text,
                      bool escapes);
void ask_options_http(struct argp_state *state, struct ask_options *ask, const char *path);

/* Frees the values. */
void ask_options_free(struct ask_options *options);

#endif
