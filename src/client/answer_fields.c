/* SPDX-License-Identifier: MIT */
#include "client/answer_fields.h"

#include "base/ascii.h"
#include "base/util.h"
#include "client/safe_text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where the value of a name is stored; NULL if it is not needed. */
static char **member(struct answer_fields *fields, const char *name, size_t length)
{
    const struct {
        const char *name;
        char **text;
    } members[] = {{"hostname", &fields->hostname},
                   {"instance", &fields->instance},
                   {"version", &fields->version},
                   {"boot_id", &fields->boot_id},
                   {"greeting", &fields->greeting}};

    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        if (strlen(members[i].name) == length && memcmp(name, members[i].name, length) == 0)
            return members[i].text;
    return NULL;
}

static void keep(struct answer_fields *fields, const char *name, size_t length, const char *text)
{
    char **kept = member(fields, name, length);

    if (!kept || !text)
        return;
    free(*kept);
    *kept = strdup(text);
}

static void read_json(struct answer_fields *fields, const char *answer, size_t length)
{
    json_t *object = json_loadb(answer, length, JSON_REJECT_DUPLICATES, NULL), *value;
    const char *name;

    json_object_foreach(object, name, value) keep(fields, name, strlen(name), json_string_value(value));
    json_decref(object);
}

/* The rest of a line of words. */
struct line {
    const char *at, *end;
};

static bool is_in_name(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || c == '_';
}

/* The length of the name before a '='; 0 if there is none. */
static size_t name_length(const struct line *line)
{
    size_t length = 0, left = (size_t)(line->end - line->at);

    while (length < left && is_in_name(line->at[length]))
        length++;
    return length > 0 && length < left && line->at[length] == '=' ? length : 0;
}

/* Reads up to the next space as the shell would: text in single quotes, a backslash before one character.
 * False if a quote is not closed. */
static bool read_value(struct line *line, char *value)
{
    bool quoted = false;

    for (; line->at < line->end && (quoted || *line->at != ' '); line->at++) {
        if (*line->at == '\'')
            quoted = !quoted;
        else if (*line->at == '\\' && !quoted && line->at + 1 < line->end)
            *value++ = *++line->at;
        else
            *value++ = *line->at;
    }
    *value = '\0';
    return !quoted;
}

/* False if the line has anything but words of the form name=value. */
static bool read_words(struct answer_fields *fields, struct line line, char *value)
{
    while (line.at < line.end) {
        const char *name = line.at;
        size_t length = name_length(&line);

        line.at += length + 1;
        if (length == 0 || !read_value(&line, value))
            return false;
        keep(fields, name, length, value);
        while (line.at < line.end && *line.at == ' ')
            line.at++;
    }
    return true;
}

static void read_line(struct answer_fields *fields, const char *answer, size_t length)
{
    char *value = malloc(length + 1);

    if (!value || !read_words(fields, (struct line){answer, answer + length}, value))
        answer_fields_free(fields);
    free(value);
}

void answer_fields_read(struct answer_fields *fields, const char *answer, size_t length)
{
    *fields = (struct answer_fields){0};
    length = safe_text_trimmed(answer, length);
    if (length == 0 || length > ANSWER_FIELDS_MAX || memchr(answer, '\0', length))
        return;
    if (*answer == '{')
        read_json(fields, answer, length);
    else if (!memchr(answer, '\n', length))
        read_line(fields, answer, length);
}

void answer_fields_free(struct answer_fields *fields)
{
    free(fields->hostname);
    free(fields->instance);
    free(fields->version);
    free(fields->boot_id);
    free(fields->greeting);
    *fields = (struct answer_fields){0};
}
