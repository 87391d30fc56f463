/* SPDX-License-Identifier: MIT */
#include "conf/conf_content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The result of reading a file: a text is compiled more than once, and must find the same each time. */
struct conf_reading {
    struct conf_reading *next;
    const char *path; /* in the arena */
    struct conf_regular file;
    int result;
    struct message error;
};

static struct conf_reading *find(const struct conf_builder *builder, const char *path, unsigned *count)
{
    struct conf_reading *reading = builder->readings;

    for (*count = 0; reading && strcmp(reading->path, path) != 0; ++*count)
        reading = reading->next;
    return reading;
}

/* So that a change can be seen later. */
static void note(struct conf_builder *builder, const struct conf_reading *reading)
{
    struct conf_content *content = conf_builder_alloc(builder, sizeof(*content));

    if (!content)
        return;
    *content = (struct conf_content){.next = builder->conf->contents,
                                     .path = reading->path,
                                     .modified = reading->file.modified,
                                     .missing = reading->result == -ENOENT};
    builder->conf->contents = content;
}

static void read_file(struct conf_builder *builder, struct conf_reading *reading)
{
    struct conf_report *report = builder->report;

    conf_report_activity(report, "reading %s", conf_quote(reading->path).text);
    reading->result = conf_regular_read(reading->path, CONF_CONTENT_MAX, &reading->file, &reading->error);
    conf_report_activity(report, "%s", "");
    if (conf_report_is_temporary(-reading->result))
        conf_report_temporary(report);
    if (reading->result == 0 || reading->result == -ENOENT)
        note(builder, reading);
}

static struct conf_reading *add(struct conf_builder *builder, const char *path)
{
    struct conf_reading *reading = calloc(1, sizeof(*reading));

    if (!reading)
        return NULL;
    reading->next = builder->readings;
    reading->path = conf_builder_copy(builder, path);
    builder->readings = reading;
    read_file(builder, reading);
    return reading;
}

int conf_content_read(struct conf_builder *builder, const char *path, const struct conf_regular **file,
                      struct message *error)
{
    unsigned count;
    struct conf_reading *reading = find(builder, path, &count);

    if (!reading && count == CONF_CONTENTS_MAX) {
        message_set(error, "is one file too many; allowed: at most %d", CONF_CONTENTS_MAX);
        return -ENFILE;
    }
    if (!reading)
        reading = add(builder, path);
    if (!reading) {
        message_set(error, "cannot be read: %s", strerror(ENOMEM));
        return -ENOMEM;
    }
    *file = &reading->file;
    if (reading->result < 0)
        *error = reading->error;
    return reading->result;
}

int conf_content_read_text(void *builder, const char *path, const char **content, struct message *error)
{
    const struct conf_regular *file;
    int result = conf_content_read(builder, path, &file, error);
    const char *nul;

    if (result < 0)
        return result;
    nul = memchr(file->text, '\0', file->length);
    if (nul) {
        message_set(error, "has a NUL at byte %td; allowed: text without NULs", nul - file->text + 1);
        return -EINVAL;
    }
    file->text[file->length] = '\0'; /* without the newline of conf_regular_read() */
    *content = file->text;
    return 0;
}

void conf_content_close(struct conf_builder *builder)
{
    while (builder->readings) {
        struct conf_reading *reading = builder->readings;

        builder->readings = reading->next;
        free(reading->file.text);
        free(reading);
    }
}
