/* SPDX-License-Identifier: MIT */
#include "conf/conf_fortune.h"

#include "base/escape.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAB        8
#define END_LENGTH (sizeof(QUOTES_END) - 1)

/* A line as displayed. Only the length counts of what is too long for a quote. */
struct line {
    char text[QUOTES_MAX];
    size_t length;
    size_t visible; /* without the spaces at its end */
};

struct parser {
    struct arena *arena;
    struct conf_fortune *found;
    struct template_errors *errors;
    size_t omitted; /* errors for which there was no room */
    char file[256]; /* for messages */

    struct line line;
    unsigned number; /* of the line */

    unsigned first;  /* line of the quote; 0: it has not begun */
    bool is_refused; /* an error of it was reported */
    unsigned ends;   /* line ends that precede the next line */
    char quote[QUOTES_MAX];
    size_t length;
};

static void __attribute__((format(printf, 3, 4)))
fail(struct parser *p, unsigned line, const char *format, ...)
{
    struct template_errors *errors = p->errors;
    struct message what;
    va_list args;

    va_start(args, format);
    vsnprintf(what.text, sizeof(what.text), format, args);
    va_end(args);
    if (errors->count < TEMPLATE_ERRORS_MAX)
        message_set(&errors->list[errors->count++], "%s:%u: %.200s", p->file, line, what.text);
    else
        message_set(&errors->list[TEMPLATE_ERRORS_MAX - 1], "%s: and %zu more errors", p->file,
                    ++p->omitted + 1);
}

/* --- Quotes --- */

static bool make_room(struct conf_fortune *found)
{
    size_t room = found->room ? 2 * found->room : 64;
    struct quote *list;

    if (found->count < found->room)
        return true;
    list = realloc(found->list, room * sizeof(*list));
    if (!list)
        return false;
    found->list = list;
    found->room = room;
    return true;
}

static void keep(struct parser *p)
{
    const char *text = make_room(p->found) ? arena_copy(p->arena, p->quote, p->length) : NULL;

    if (text)
        p->found->list[p->found->count++] = (struct quote){text, p->length};
    else
        fail(p, p->first, "%s", TEMPLATE_NO_ROOM);
}

static void end_quote(struct parser *p)
{
    if (p->length > QUOTES_MAX && !p->is_refused)
        fail(p, p->first, "a quote of %zu characters; allowed: at most %zu, counting each line end as two",
             p->length + END_LENGTH, QUOTES_MAX + END_LENGTH);
    else if (p->length > 0 && !p->is_refused)
        keep(p);
    p->first = p->ends = 0;
    p->length = 0;
    p->is_refused = false;
}

/* Only the length counts of what is too long for a quote. */
static void add(struct parser *p, const char *bytes, size_t length)
{
    size_t room = p->length < sizeof(p->quote) ? sizeof(p->quote) - p->length : 0;

    memcpy(p->quote + (room ? p->length : 0), bytes, length < room ? length : room);
    p->length += length;
}

/* --- Lines --- */

static void put(struct line *line, char c)
{
    if (line->length < sizeof(line->text))
        line->text[line->length] = c;
    line->length++;
    if (c != ' ')
        line->visible = line->length;
}

static void put_tab(struct line *line)
{
    do
        put(line, ' ');
    while (line->length % TAB != 0);
}

static void go_back(struct line *line)
{
    if (line->length > 0)
        line->length--;
    if (line->visible > line->length)
        line->visible = line->length;
}

static void refuse(struct parser *p, char c)
{
    if (!p->is_refused)
        fail(p, p->number, "byte 0x%02x; allowed: printable ASCII", (unsigned char)c);
    p->is_refused = true;
}

static void read_line(struct parser *p, const char *bytes, size_t length)
{
    struct line *line = &p->line;

    line->length = line->visible = 0;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\t')
            put_tab(line);
        else if (bytes[i] == '\b')
            go_back(line);
        else if (bytes[i] >= ' ' && bytes[i] <= '~')
            put(line, bytes[i]);
        else
            refuse(p, bytes[i]);
    }
    while (line->visible > 0 && line->visible <= sizeof(line->text) && line->text[line->visible - 1] == ' ')
        line->visible--;
}

/* A line's end is added when another line follows. */
static void add_line(struct parser *p)
{
    const struct line *line = &p->line;

    if (line->visible > 0) {
        for (; p->ends > 0; p->ends--)
            add(p, QUOTES_END, END_LENGTH);
        add(p, line->text, line->visible);
        p->first = p->first ? p->first : p->number;
    }
    p->ends += p->first != 0;
}

static bool is_mark(const char *line, size_t length)
{
    return length == 1 && *line == '%';
}

/* Moves *at past its line, to end at most. Returns the length of the line without its end. */
static size_t next_line(const char **at, const char *end)
{
    const char *line = *at, *newline = memchr(line, '\n', (size_t)(end - line));
    size_t length = (size_t)((newline ? newline : end) - line);

    *at = newline ? newline + 1 : end;
    return length > 0 && line[length - 1] == '\r' ? length - 1 : length;
}

static bool has_marks(const char *text, const char *end)
{
    while (text < end) {
        const char *line = text;

        if (is_mark(line, next_line(&text, end)))
            return true;
    }
    return false;
}

static void parse(struct parser *p, const char *text, const char *end)
{
    bool marked = has_marks(text, end);

    for (p->number = 1; text < end; p->number++) {
        const char *line = text;
        size_t length = next_line(&text, end);
        bool mark = marked && is_mark(line, length);

        if (!mark) {
            read_line(p, line, length);
            add_line(p);
        }
        if (mark || !marked)
            end_quote(p);
    }
    end_quote(p);
}

int conf_fortune_parse(struct arena *arena, const char *path, const char *text, size_t length,
                       struct conf_fortune *found, struct template_errors *errors)
{
    struct parser p = {.arena = arena, .found = found, .errors = errors};
    size_t before = found->count;

    escape_bytes(p.file, sizeof(p.file), path, strlen(path));
    errors->count = 0;
    parse(&p, text, text + length);
    if (found->count == before && errors->count == 0)
        message_set(
            &errors->list[errors->count++],
            "%s has no quotes; allowed: quotes separated by lines with only a %%, or one quote per line",
            p.file);
    return errors->count ? -1 : 0;
}
