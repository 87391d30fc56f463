/* SPDX-License-Identifier: MIT */
#include "ctl/show.h"

#include "base/util.h"
#include "ctl/answer.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <string.h>

bool show_counters(FILE *out, const json_t *answer)
{
    static const struct table_column columns[] = {{0}, {.right = true}};
    struct table *table = table_new(columns, ARRAY_SIZE(columns));
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)answer, name, value)
    {
        if (!json_is_integer(value))
            continue;
        table_add(table, name);
        table_add_number(table, json_integer_value(value));
    }
    table_print(table, out);
    table_free(table);
    return true;
}

bool show_text(FILE *out, const json_t *answer)
{
    const char *text = json_string_value(json_object_get(answer, "text"));

    if (!text)
        return false;
    text_print(out, text, "\n\t");
    if (*text && text[strlen(text) - 1] != '\n')
        fputc('\n', out);
    return true;
}
