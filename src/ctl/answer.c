/* SPDX-License-Identifier: MIT */
#include "ctl/answer.h"

#include "base/printable.h"

#include <string.h>
#include <sysexits.h>

#define VALUES_MAX 250000 /* each takes hundreds of bytes; a thousand listeners have some ten thousand */

/* The characters outside of strings that begin a value, or separate it from the last. */
static size_t count_values(const char *bytes, size_t size)
{
    bool inside = false;
    size_t count = 0;

    for (size_t i = 0; i < size; i++) {
        if (inside && bytes[i] == '\\')
            i++;
        else if (bytes[i] == '"')
            inside = !inside;
        else if (!inside)
            count += bytes[i] == ',' || bytes[i] == '[' || bytes[i] == '{';
    }
    return count;
}

json_t *answer_parse(const char *bytes, size_t size)
{
    json_t *object = NULL;

    if (count_values(bytes, size) <= VALUES_MAX)
        object = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

const char *answer_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

long long answer_number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

int answer_status(const json_t *object)
{
    long long code = answer_number(object, "code");

    if (!json_object_get(object, "error"))
        return EX_OK;
    return code >= EX__BASE && code <= EX__MAX ? (int)code : EX_OSERR;
}

void answer_print(FILE *out, const char *bytes, size_t size)
{
    while (size > 0 && strchr(" \t\r\n", bytes[size - 1]))
        size--;
    printable_json(out, bytes, size);
    fputc('\n', out);
}
