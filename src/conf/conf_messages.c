/* SPDX-License-Identifier: MIT */
#include "conf/conf_messages.h"

#include <stdlib.h>
#include <string.h>

#define OMITTED_MAX 40 /* bytes of "... and 4294967295 more", and its end */

/* Copies length bytes of text to *at, and moves *at past their end. */
static const char *store(char **at, const char *text, size_t length)
{
    char *start = *at;

    memcpy(start, text, length);
    start[length] = '\0';
    *at = start + length + 1;
    return start;
}

/* The report may come from a loader that crashed. */
static bool is_whole(const struct conf_report *report, unsigned number)
{
    const struct conf_entry *entry = &report->entries[number];

    return entry->length < CONF_MESSAGE_MAX && entry->place <= entry->length &&
           entry->start < sizeof(report->text) && entry->length < sizeof(report->text) - entry->start;
}

static void copy_entry(struct conf_messages *messages, const struct conf_report *report, unsigned number,
                       char **at)
{
    const struct conf_entry *entry = &report->entries[number];
    const char *text = report->text + entry->start;
    struct conf_message *message = &messages->list[messages->count++];

    message->level = entry->level;
    message->place = store(at, text, entry->place);
    message->what = store(at, text + entry->place, entry->length - entry->place);
}

/* Allocates room for count messages and for bytes of text, which *text then points to. */
static struct conf_messages *new_messages(size_t count, size_t bytes, char **text)
{
    struct conf_messages *messages = malloc(sizeof(*messages) + count * sizeof(struct conf_message) + bytes);

    if (!messages)
        return NULL;
    messages->count = 0;
    *text = (char *)&messages->list[count];
    return messages;
}

struct conf_messages *conf_messages_copy(const struct conf_report *report)
{
    unsigned count = report->count < CONF_MESSAGES ? report->count : CONF_MESSAGES;
    size_t bytes = OMITTED_MAX;
    struct conf_messages *messages;
    char *at;

    for (unsigned i = 0; i < count; i++)
        bytes += is_whole(report, i) ? report->entries[i].length + 2 : 0;
    messages = new_messages(count + 1, bytes, &at);
    if (!messages)
        return NULL;
    for (unsigned i = 0; i < count; i++)
        if (is_whole(report, i))
            copy_entry(messages, report, i, &at);
    if (report->omitted) {
        snprintf(at, OMITTED_MAX, "... and %u more", report->omitted);
        messages->list[messages->count++] = (struct conf_message){report->omitted_level, "", at};
    }
    return messages;
}

struct conf_messages *conf_messages_error(const char *place, const char *what)
{
    char *at;
    struct conf_messages *messages = new_messages(1, strlen(place) + strlen(what) + 2, &at);

    if (messages) {
        place = store(&at, place, strlen(place));
        what = store(&at, what, strlen(what));
        messages->list[messages->count++] = (struct conf_message){CONF_ERROR, place, what};
    }
    return messages;
}

void conf_messages_print(const struct conf_messages *messages, FILE *out)
{
    for (size_t i = 0; messages && i < messages->count; i++) {
        const struct conf_message *message = &messages->list[i];
        /* omitted messages are about many places */
        const char *level = message->level == CONF_WARNING && *message->place ? "warning: " : "";

        fprintf(out, "%s%s%s\n", message->place, level, message->what);
    }
}

void conf_messages_errors(const struct conf_messages *messages, char *text, size_t size)
{
    size_t used = 0;

    *text = '\0';
    for (size_t i = 0; messages && i < messages->count && used < size; i++)
        if (messages->list[i].level == CONF_ERROR)
            used += (size_t)snprintf(text + used, size - used, "%s%s%s", used ? "\n" : "",
                                     messages->list[i].place, messages->list[i].what);
}

void conf_messages_free(struct conf_messages *messages)
{
    free(messages);
}
