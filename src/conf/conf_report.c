/* SPDX-License-Identifier: MIT */
#include "conf/conf_report.h"

#include "base/escape.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

struct conf_quoted conf_quote(const char *text)
{
    struct conf_quoted quoted = {"\""};
    size_t room = sizeof(quoted.text) - strlen("\"") - strlen("...\"");
    size_t length = strlen(text);
    size_t shown = escape_bytes(quoted.text + 1, room, text, length);
    char whole[sizeof(quoted.text)];

    /* escape_bytes() does not tell that it stopped early, but with more room it would have written more. */
    bool cut = escape_bytes(whole, sizeof(whole), text, length) > shown;
    strcpy(quoted.text + 1 + shown, cut ? "...\"" : "\"");
    return quoted;
}

void conf_report_open(struct conf_report *report, const char *file)
{
    report->errors = report->temporary = report->omitted = report->count = 0;
    report->omitted_level = CONF_WARNING;
    report->used = 0;
    report->text[0] = report->activity[0] = '\0';
    conf_report_enter(report, file);
}

void conf_report_enter(struct conf_report *report, const char *file)
{
    escape_bytes(report->file, sizeof(report->file), file, strlen(file));
}

unsigned conf_report_line(struct conf_report *report, struct conf_place place)
{
    if (place.line)
        conf_report_enter(report, place.file);
    return place.line;
}

struct message conf_report_place(struct conf_place place)
{
    char file[MESSAGE_MAX - 16];
    struct message text;

    escape_bytes(file, sizeof(file), place.file, strlen(place.file));
    message_set(&text, "%s:%u", file, place.line);
    return text;
}

void conf_report_temporary(struct conf_report *report)
{
    report->temporary++;
}

bool conf_report_is_temporary(int error)
{
    return error == ENOMEM || error == EMFILE || error == ENFILE || error == EIO || error == EAGAIN;
}

void conf_report_activity(struct conf_report *report, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(report->activity, sizeof(report->activity), format, args);
    va_end(args);
}

/* Writes the place of a message. */
static size_t put_place(const struct conf_report *report, char *out, size_t size, unsigned line,
                        const char *setting)
{
    size_t used = 0;

    if (line)
        used += (size_t)snprintf(out, size, "%s:%u: ", report->file, line);
    if (setting)
        used += (size_t)snprintf(out + used, size - used, "%.200s: ", setting);
    return used;
}

/* Whether there is an error about this place. */
static bool has_error(const struct conf_report *report, const char *place, size_t length)
{
    for (unsigned i = 0; i < report->count; i++) {
        const struct conf_entry *entry = &report->entries[i];

        if (entry->level == CONF_ERROR && entry->place == length &&
            memcmp(report->text + entry->start, place, length) == 0)
            return true;
    }
    return false;
}

static void add_line(struct conf_report *report, enum conf_level level, const char *message, size_t place,
                     size_t length)
{
    /* After the first message that does not fit, all are omitted, so that the report has no gaps. */
    if (report->omitted || report->count == CONF_MESSAGES ||
        length + 2 > sizeof(report->text) - report->used) {
        report->omitted++;
        if (level == CONF_ERROR)
            report->omitted_level = CONF_ERROR;
        return;
    }
    report->entries[report->count++] =
        (struct conf_entry){level, (unsigned)report->used, (unsigned)place, (unsigned)length};
    memcpy(report->text + report->used, message, length);
    report->used += length;
    report->text[report->used++] = '\n';
    report->text[report->used] = '\0';
}

/* Whether an error would follow from one that is there. */
static bool is_consequence(const struct conf_report *report, unsigned line, const char *setting)
{
    char text[CONF_MESSAGE_MAX];
    size_t place = put_place(report, text, sizeof(text), line, setting);

    return !report->omitted && line && has_error(report, text, place);
}

static void __attribute__((format(printf, 5, 0)))
add(struct conf_report *report, enum conf_level level, unsigned line, const char *setting, const char *format,
    va_list args)
{
    char message[CONF_MESSAGE_MAX];
    size_t place = put_place(report, message, sizeof(message), line, setting), used;
    int length;

    length = vsnprintf(message + place, sizeof(message) - place, format, args);
    used = place + (length > 0 ? (size_t)length : 0);
    add_line(report, level, message, place, used < sizeof(message) ? used : sizeof(message) - 1);
}

void conf_error(struct conf_report *report, unsigned line, const char *setting, const char *format, ...)
{
    va_list args;

    report->errors++;
    if (is_consequence(report, line, setting))
        return;
    va_start(args, format);
    add(report, CONF_ERROR, line, setting, format, args);
    va_end(args);
}

static void __attribute__((format(printf, 4, 5)))
add_error(struct conf_report *report, unsigned line, const char *setting, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(report, CONF_ERROR, line, setting, format, args);
    va_end(args);
}

void conf_errors(struct conf_report *report, unsigned line, const char *setting, const struct message *errors,
                 size_t count)
{
    report->errors += (unsigned)count;
    if (is_consequence(report, line, setting))
        return;
    for (size_t i = 0; i < count; i++)
        add_error(report, line, setting, "%s", errors[i].text);
}

void conf_warning(struct conf_report *report, unsigned line, const char *setting, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(report, CONF_WARNING, line, setting, format, args);
    va_end(args);
}
