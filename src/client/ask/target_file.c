/* SPDX-License-Identifier: MIT */
#include "client/ask/target_file.h"

#include "base/ascii.h"
#include "base/escape.h"
#include "client/errors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BLANK      " \t\r\n"
#define QUOTED_MAX 256

struct reader {
    FILE *stream;
    char name[QUOTED_MAX]; /* for messages */
    unsigned line;
    struct target_list *list;
    const struct target_defaults *defaults;
    struct message *error;
};

static int fail(const struct reader *reader, const char *why)
{
    return message_set(reader->error, "%s:%u: %s", reader->name, reader->line, why);
}

static int fail_file(const struct reader *reader, int error)
{
    char words[ERRORS_MAX];

    errors_errno(words, sizeof(words), error);
    return message_set(reader->error, "%s: %s", reader->name, words);
}

static void cut_comment(char *line)
{
    for (char *at = line; *at; at++)
        if (*at == '#' && (at == line || strchr(BLANK, at[-1]))) {
            *at = '\0';
            return;
        }
}

/* Without the blanks around it. */
static char *trim(char *text)
{
    char *end = text + strlen(text);

    text += strspn(text, BLANK);
    while (end > text && strchr(BLANK, end[-1]))
        *--end = '\0';
    return text;
}

/* A path may have blanks. */
static bool is_path(const char *text)
{
    return ascii_same(text, "unix:", strlen("unix:")) ||
           ascii_same(text, "unix-dgram:", strlen("unix-dgram:"));
}

static int add(struct reader *reader, char **operands, size_t count)
{
    struct message why;

    if (reader->list->count >= TARGET_FILE_MAX)
        return message_set(reader->error, "%s:%u: too many targets; allowed: %d", reader->name, reader->line,
                           TARGET_FILE_MAX);
    if (target_list_add(reader->list, operands, count, reader->defaults, &why) < 0)
        return fail(reader, why.text);
    return 0;
}

static int parse_words(struct reader *reader, char *first)
{
    char *second = first + strcspn(first, BLANK);
    char *operands[2] = {first, second};

    if (*second == '\0' || is_path(first))
        return add(reader, operands, 1);
    *second++ = '\0';
    operands[1] = trim(second);
    if (strpbrk(operands[1], BLANK) || !target_is_port(operands[1]))
        return fail(reader, "more than one target; allowed: TARGET or HOST PORT, and # before a comment");
    return add(reader, operands, 2);
}

static int parse_line(struct reader *reader, char *line, size_t length)
{
    char *text;

    if (strlen(line) != length)
        return fail(reader, "a NUL byte; allowed: lines of text");
    if (length > TARGET_LINE_MAX && line[length - 1] != '\n')
        return message_set(reader->error, "%s:%u: line too long; allowed: %d bytes", reader->name,
                           reader->line, TARGET_LINE_MAX);
    cut_comment(line);
    text = trim(line);
    return *text ? parse_words(reader, text) : 0;
}

/* Reads at most one byte more than a line may have, so that a file without newlines is not read whole. */
static int read_line(struct reader *reader, char *line, size_t *length)
{
    int c;

    *length = 0;
    while (*length <= TARGET_LINE_MAX && (c = getc(reader->stream)) != EOF) {
        line[(*length)++] = (char)c;
        if (c == '\n')
            break;
    }
    line[*length] = '\0';
    return *length > 0;
}

static int read_lines(struct reader *reader)
{
    char line[TARGET_LINE_MAX + 2];
    size_t before = reader->list->count, length;

    while (read_line(reader, line, &length)) {
        reader->line++;
        if (parse_line(reader, line, length) < 0)
            return -1;
    }
    if (ferror(reader->stream))
        return fail_file(reader, errno);
    if (reader->list->count == before)
        return message_set(reader->error, "%s: contains no target; allowed: one target per line",
                           reader->name);
    return 0;
}

int target_file_read(struct target_list *list, const char *path, const struct target_defaults *defaults,
                     struct message *error)
{
    struct reader reader = {.list = list, .defaults = defaults, .error = error};
    int result;

    if (strcmp(path, "-") == 0) {
        snprintf(reader.name, sizeof(reader.name), "standard input");
        reader.stream = stdin;
        return read_lines(&reader);
    }
    escape_bytes(reader.name, sizeof(reader.name), path, strlen(path));
    reader.stream = fopen(path, "re");
    if (!reader.stream)
        return fail_file(&reader, errno);
    result = read_lines(&reader);
    fclose(reader.stream);
    return result;
}
