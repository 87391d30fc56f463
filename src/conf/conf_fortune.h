/* SPDX-License-Identifier: MIT */
/* conf_fortune: finds the quotes in the text of a file.
 *
 * In fortune's format, lines with only a "%" separate the quotes; a text without such a line has one quote
 * per line. Tabs become spaces, a character after backspaces replaces what they went back over, and spaces
 * and empty lines around a quote are dropped. */
#ifndef SOCKGREET_CONF_FORTUNE_H
#define SOCKGREET_CONF_FORTUNE_H

#include "base/arena.h"
#include "service/quotes.h"
#include "service/template.h"

struct conf_fortune {
    struct quote *list; /* malloc'ed; the texts are in the arena */
    size_t count, room;
};

/* Adds the quotes of length bytes of text to found, which the caller frees in any case. path names the file
 * in errors. Returns 0, or -1 with errors. */
int conf_fortune_parse(struct arena *arena, const char *path, const char *text, size_t length,
                       struct conf_fortune *found, struct template_errors *errors);

#endif
