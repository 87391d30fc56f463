/* SPDX-License-Identifier: MIT */
/* template: text with ${name} in it, compiled once and rendered often; knows no variable by name.
 *
 * ${name} stands for a variable, ${name:-default} for a variable that may be empty, $$ for a dollar. A value
 * that is known when the template is compiled is folded into the text. */
#ifndef SOCKGREET_TEMPLATE_H
#define SOCKGREET_TEMPLATE_H

#include "base/arena.h"
#include "base/message.h"

#include <stddef.h>

#define TEMPLATE_MAX           (1024 * 1024) /* bytes, of text and of what it renders to */
#define TEMPLATE_ERRORS_MAX    16
#define TEMPLATE_VARIABLES_MAX 32 /* as many as template.uses has bits */
#define TEMPLATE_NO_ROOM       "does not fit into the memory for the configuration"

struct template_variable {
    const char *name;
    const char *known; /* its value; NULL: it comes with each rendering */
    size_t longest;    /* bytes of a value that comes with a rendering; what is longer is cut */
};

/* What a template may refer to, in the order in which messages list it. */
struct template_variables {
    const struct template_variable *list;
    unsigned count; /* at most TEMPLATE_VARIABLES_MAX */
};

struct template_part;

struct template
{
    const struct template_part *parts;
    size_t part_count;
    size_t max_length; /* what template_render() can write at most */
    unsigned uses; /* a bit for each variable whose value comes with a rendering, by its place in the list */
    const char *prefix; /* the bytes that every rendering begins with; all of them if uses is 0 */
    size_t prefix_length;
};

/* All that is wrong with a template, each with what is allowed. */
struct template_errors {
    struct message
        list[TEMPLATE_ERRORS_MAX]; /* no two are the same; the last can stand for all that follow */
    size_t count;
};

/* Compiles length bytes of text into *compiled, whose parts are in arena. Returns 0, or -1 with errors. */
int template_compile(struct arena *arena, const char *text, size_t length,
                     const struct template_variables *variables, struct template *compiled,
                     struct template_errors *errors);

/* Writes the text with values, which are listed as the variables were; NULL counts as empty. out has room for
 * max_length bytes. Returns the length. */
size_t template_render(const struct template *compiled, const char *const *values, char *out);

#endif
