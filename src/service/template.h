/* SPDX-License-Identifier: MIT */
/* template: text with ${name} in it, compiled once and rendered often; knows no variable by name.
 *
 * ${name} stands for a variable, ${name:argument} for one that takes more, ${name:-default} for one that may
 * be empty, $$ for a dollar. A value that is known when the template is compiled is folded into the text. */
#ifndef SOCKGREET_TEMPLATE_H
#define SOCKGREET_TEMPLATE_H

#include "base/arena.h"
#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEMPLATE_MAX           (1024 * 1024) /* bytes, of text and of what it renders to */
#define TEMPLATE_ERRORS_MAX    16
#define TEMPLATE_VARIABLES_MAX 64 /* as many as template.uses has bits */
#define TEMPLATE_ARGUMENT_MAX  255
#define TEMPLATE_NO_ROOM       "does not fit into the memory for the configuration"

enum template_argument { TEMPLATE_ARGUMENT_NONE, TEMPLATE_ARGUMENT_OPTIONAL, TEMPLATE_ARGUMENT_REQUIRED };

struct template_variable {
    const char *name;
    const char *known; /* its value without an argument; NULL: it comes with each rendering */
    size_t longest;    /* bytes of a value that comes with a rendering; what is longer is cut */
    bool is_resolved;  /* resolve() says its value without an argument, too */
    enum template_argument argument;
    const char *argument_name; /* as it is called in messages, "FORMAT"; NULL without one */
};

/* What a template may refer to, in the order in which messages list it. */
struct template_variables {
    const struct template_variable *list;
    unsigned count; /* at most TEMPLATE_VARIABLES_MAX */

    /* Judges an argument, which is not empty, or NULL. Returns 0 with the value that the variable has with it
     * in known, which has to last until the template is compiled, or NULL if it comes with each rendering,
     * and then with its longest; or less than 0 with an error: with -ENOENT there is no value, and a default
     * is taken if there is one. Not used without variables that take an argument or are resolved. */
    int (*resolve)(const void *context, unsigned variable, const char *argument, const char **known,
                   size_t *longest, struct message *error);
    const void *context;
};

struct template_part;

struct template
{
    const struct template_part *parts;
    size_t part_count;
    size_t max_length; /* what template_render() can write at most */
    uint64_t uses; /* a bit for each variable whose value comes with a rendering, by its place in the list */
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

/* Writes what a variable comes to, room bytes at most, to out; argument is NULL without one. Returns the
 * length; 0: it is empty. */
typedef size_t template_value(const void *context, unsigned variable, const char *argument, char *out,
                              size_t room);

/* Writes the text; each variable is asked for where it stands. out has room for max_length bytes. Returns the
 * length. */
size_t template_render(const struct template *compiled, template_value *value, const void *context,
                       char *out);

#endif
