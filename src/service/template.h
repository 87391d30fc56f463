/* SPDX-License-Identifier: MIT */
/* template: text with variables, compiled once and rendered often. The caller defines the variables.
 *
 * ${name} is a variable, ${name:argument} one with an argument, ${name:-default} one with a text to use if it
 * is empty, and $$ a dollar. A value that is known when the template is compiled becomes part of the text. */
#ifndef SOCKGREET_TEMPLATE_H
#define SOCKGREET_TEMPLATE_H

#include "base/arena.h"
#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEMPLATE_MAX           (1024 * 1024) /* bytes of text, and of a rendering */
#define TEMPLATE_ERRORS_MAX    16
#define TEMPLATE_VARIABLES_MAX 64 /* as many as template.uses has bits */
#define TEMPLATE_ARGUMENT_MAX  255
#define TEMPLATE_NO_ROOM       "does not fit into the memory for the configuration"

enum template_argument { TEMPLATE_ARGUMENT_NONE, TEMPLATE_ARGUMENT_OPTIONAL, TEMPLATE_ARGUMENT_REQUIRED };

struct template_variable {
    const char *name;
    const char *known; /* its value without an argument; NULL: known only when the template is rendered */
    size_t longest;    /* bytes of a value in a rendering; longer ones are truncated */
    bool is_resolved;  /* resolve() is also called without an argument */
    enum template_argument argument;
    const char *argument_name; /* for messages, such as "FORMAT"; NULL if it has no argument */
};

/* The variables of a template, in the order in which messages list them. */
struct template_variables {
    const struct template_variable *list;
    unsigned count; /* at most TEMPLATE_VARIABLES_MAX */

    /* Resolves a variable with an argument, which is not empty, or NULL. Returns 0 and sets *known to the
     * value, which must be valid until the template is compiled, or to NULL if it is known only when
     * rendering, with *longest. Returns less than 0 with an error; -ENOENT: there is no value, and a default
     * is used if there is one. May be NULL if no variable has an argument or is resolved. */
    int (*resolve)(const void *context, unsigned variable, const char *argument, const char **known,
                   size_t *longest, struct message *error);
    const void *context;
};

struct template_part;

struct template
{
    const struct template_part *parts;
    size_t part_count;
    size_t max_length; /* the most bytes that template_render() writes */
    uint64_t uses; /* a bit for each variable that is known only when rendering, by its index in the list */
    const char *prefix; /* the bytes that every rendering begins with; all of them if uses is 0 */
    size_t prefix_length;
};

/* All errors of a template, each with what is allowed. */
struct template_errors {
    struct message
        list[TEMPLATE_ERRORS_MAX]; /* all different; the last can be the number of further errors */
    size_t count;
};

/* Compiles length bytes of text to *compiled, whose parts are in arena. Returns 0, or -1 with errors. */
int template_compile(struct arena *arena, const char *text, size_t length,
                     const struct template_variables *variables, struct template *compiled,
                     struct template_errors *errors);

/* Writes the value of a variable to out, at most room bytes; argument may be NULL. Returns the length; 0: it
 * is empty. */
typedef size_t template_value(const void *context, unsigned variable, const char *argument, char *out,
                              size_t room);

/* Renders the template, calling value for each variable. out has room for max_length bytes. Returns the
 * length. */
size_t template_render(const struct template *compiled, template_value *value, const void *context,
                       char *out);

/* Writes the value of a part's variable, or its default. Returns where it ends. */
char *template_put_value(const struct template_part *part, template_value *value, const void *context,
                         char *at);

#endif
