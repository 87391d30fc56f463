/* SPDX-License-Identifier: MIT */
#include "client/said.h"

#include "base/ascii.h"
#include "base/util.h"
#include "client/safe_text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where a member of a name goes; NULL if it is none of ours. */
static char **member(struct said *said, const char *name, size_t length)
{
    const struct {
        const char *name;
        char **text;
    } members[] = {{"hostname", &said->hostname},
                   {"instance", &said->instance},
                   {"version", &said->version},
                   {"boot_id", &said->boot_id},
                   {"greeting", &said->greeting}};

    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        if (strlen(members[i].name) == length && memcmp(name, members[i].name, length) == 0)
            return members[i].text;
    return NULL;
}

static void keep(struct said *said, const char *name, size_t length, const char *text)
{
    char **kept = member(said, name, length);

    if (!kept || !text)
        return;
    free(*kept);
    *kept = strdup(text);
}

static void read_json(struct said *said, const char *answer, size_t length)
{
    json_t *object = json_loadb(answer, length, JSON_REJECT_DUPLICATES, NULL), *value;
    const char *name;

    json_object_foreach(object, name, value) keep(said, name, strlen(name), json_string_value(value));
    json_decref(object);
}

/* What is left of a line of words. */
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

/* False unless it is words of that kind from the beginning to the end. */
static bool read_words(struct said *said, struct line line, char *value)
{
    while (line.at < line.end) {
        const char *name = line.at;
        size_t length = name_length(&line);

        line.at += length + 1;
        if (length == 0 || !read_value(&line, value))
            return false;
        keep(said, name, length, value);
        while (line.at < line.end && *line.at == ' ')
            line.at++;
    }
    return true;
}

static void read_line(struct said *said, const char *answer, size_t length)
{
    char *value = malloc(length + 1);

    if (!value || !read_words(said, (struct line){answer, answer + length}, value))
        said_free(said);
    free(value);
}

void said_read(struct said *said, const char *answer, size_t length)
{
    *said = (struct said){0};
    length = safe_text_trimmed(answer, length);
    if (length == 0 || length > SAID_MAX || memchr(answer, '\0', length))
        return;
    if (*answer == '{')
        read_json(said, answer, length);
    else if (!memchr(answer, '\n', length))
        read_line(said, answer, length);
}

void said_free(struct said *said)
{
    free(said->hostname);
    free(said->instance);
    free(said->version);
    free(said->boot_id);
    free(said->greeting);
    *said = (struct said){0};
}
