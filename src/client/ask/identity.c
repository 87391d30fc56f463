/* SPDX-License-Identifier: MIT */
#include "client/ask/identity.h"

#include "client/answer_fields.h"

#include <string.h>

/* Cuts between characters of UTF-8, not within one. */
static void copy(char *text, const char *from, size_t length)
{
    if (length > IDENTITY_TEXT_MAX) {
        length = IDENTITY_TEXT_MAX;
        while (length > IDENTITY_TEXT_MAX - 4 && ((unsigned char)from[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(text, from, length);
    text[length] = '\0';
}

static void copy_value(char *text, const char *value)
{
    if (value)
        copy(text, value, strlen(value));
}

static void copy_fields(struct identity *identity, const struct answer_fields *fields)
{
    copy_value(identity->name, fields->hostname);
    copy_value(identity->instance, fields->instance);
    copy_value(identity->version, fields->version);
    copy_value(identity->boot_id, fields->boot_id);
    if (strcmp(identity->instance, identity->name) == 0)
        identity->instance[0] = '\0';
}

static bool ends_line(char c)
{
    return c == '\n' || c == '\r' || c == '\0';
}

static void read_line(struct identity *identity, const char *greeting, size_t length)
{
    size_t begin = 0, end;

    while (begin < length && ends_line(greeting[begin]))
        begin++;
    for (end = begin; end < length && !ends_line(greeting[end]);)
        end++;
    copy(identity->name, greeting + begin, end - begin);
}

void identity_read(struct identity *identity, const char *greeting, size_t length)
{
    struct answer_fields fields;

    *identity = (struct identity){0};
    answer_fields_read(&fields, greeting, length);
    if (fields.hostname)
        copy_fields(identity, &fields);
    else
        read_line(identity, greeting, length);
    answer_fields_free(&fields);
}

bool identity_same(const struct identity *a, const struct identity *b)
{
    return a->boot_id[0] && a->name[0] && strcmp(a->boot_id, b->boot_id) == 0 &&
           strcmp(a->name, b->name) == 0 && strcmp(a->instance, b->instance) == 0;
}
