/* SPDX-License-Identifier: MIT */
/* load: a configuration from a text, in this process: nothing is read from a disk or mapped, for speed. */
#ifndef SOCKGREET_TEST_LOAD_H
#define SOCKGREET_TEST_LOAD_H

#include "conf/conf_build.h"
#include "conf/conf_file.h"
#include "conf/conf_report.h"
#include "room.h"

static struct {
    const char *text;
    size_t size;
} load_file;

/* In the place of the one that reads a file. */
int conf_read(const char *path, bool may_be_missing, size_t limit, struct conf_file *file,
              struct conf_report *report)
{
    char *text = malloc(load_file.size + 2);

    (void)path;
    (void)may_be_missing;
    (void)report;
    FUZZ_CHECK(text && load_file.size <= limit);
    if (load_file.size > 0)
        memcpy(text, load_file.text, load_file.size);
    memcpy(text + load_file.size, "\n", 2);
    *file = (struct conf_file){.text = text, .length = load_file.size};
    return 0;
}

/* Returns NULL if the text is refused, see report; what it returns lies in the arena. */
static inline const struct conf *load_text(const char *text, size_t size, struct arena *arena,
                                           struct conf_report *report)
{
    const struct conf_source source = {.path = "x.conf", .path_given = true, .alone = true};

    load_file.text = text;
    load_file.size = size;
    return conf_build(arena, &source, report);
}

#endif
