/* SPDX-License-Identifier: MIT */
#include "service/greeting.h"

#include <string.h>

_Static_assert(VARIABLE_COUNT <= TEMPLATE_VARIABLES_MAX, "a bit for each variable");

static bool is_unix(const struct greeting_values *known)
{
    const char *transport = known->value[VARIABLE_TRANSPORT];

    return transport && strncmp(transport, "unix", strlen("unix")) == 0;
}

static void list_variables(struct template_variable *list, const struct greeting_values *known)
{
    for (enum variable i = 0; i < VARIABLE_COUNT; i++) {
        const char *value = known->value[i];

        list[i].name = variables_name(i);
        list[i].longest = variables_longest(i, is_unix(known));
        list[i].known = variables_known_at_load(i) ? value ? value : "" : NULL;
    }
}

int greeting_compile(struct arena *arena, const char *text, size_t length,
                     const struct greeting_values *known, const struct greeting **greeting,
                     struct template_errors *errors)
{
    struct template_variable list[VARIABLE_COUNT];
    const struct template_variables variables = {list, VARIABLE_COUNT};
    struct greeting *made = arena_alloc(arena, sizeof(*made));

    if (!made) {
        message_set(&errors->list[0], TEMPLATE_NO_ROOM);
        errors->count = 1;
        return -1;
    }
    list_variables(list, known);
    if (template_compile(arena, text, length, &variables, &made->template, errors) < 0)
        return -1;
    made->is_static = made->template.uses == 0;
    if (made->is_static) {
        made->bytes = made->template.prefix;
        made->length = made->template.prefix_length;
    }
    *greeting = made;
    return 0;
}

size_t greeting_render(const struct greeting *greeting, const struct greeting_values *values, char *out)
{
    return template_render(&greeting->template, values->value, out);
}
