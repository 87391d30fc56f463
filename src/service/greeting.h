/* SPDX-License-Identifier: MIT */
/* greeting: what a listener says, a template with its variables.
 *
 * A greeting that uses only what is known when the configuration is loaded is sent straight from there. */
#ifndef SOCKGREET_GREETING_H
#define SOCKGREET_GREETING_H

#include "base/arena.h"
#include "service/template.h"
#include "service/variables.h"

#include <stdbool.h>
#include <stddef.h>

struct greeting {
    const char *bytes; /* the whole greeting if is_static */
    size_t length;     /* of bytes; 0 if not is_static */
    bool is_static;    /* the same for every client */
    struct template template;
};

/* Values of variables; NULL counts as empty. An address is a host alone (address_host()); what is longer than
 * variables_longest() is cut. */
struct greeting_values {
    const char *value[VARIABLE_COUNT];
};

/* Compiles length bytes of text into *greeting, all of it in arena, with the values that are known now; the
 * transport's is one of transport_name()'s. Returns 0, or -1 with errors. */
int greeting_compile(struct arena *arena, const char *text, size_t length,
                     const struct greeting_values *known, const struct greeting **greeting,
                     struct template_errors *errors);

/* Writes the greeting for one client; out has room for template.max_length bytes. Returns the length. */
size_t greeting_render(const struct greeting *greeting, const struct greeting_values *values, char *out);

#endif
