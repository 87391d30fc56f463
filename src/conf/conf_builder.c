/* SPDX-License-Identifier: MIT */
#include "conf/conf_builder.h"

#include <string.h>

void conf_builder_full(struct conf_builder *builder)
{
    conf_error(builder->report, 0, "configuration", "needs more than %zu MiB of memory",
               builder->arena->size >> 20);
}

void *conf_builder_alloc(struct conf_builder *builder, size_t size)
{
    void *memory = arena_alloc(builder->arena, size);

    if (!memory)
        conf_builder_full(builder);
    return memory;
}

const char *conf_builder_copy(struct conf_builder *builder, const char *text)
{
    const char *copy = arena_copy(builder->arena, text, strlen(text));

    if (copy)
        return copy;
    conf_builder_full(builder);
    return "";
}
