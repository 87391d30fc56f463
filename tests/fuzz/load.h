/* SPDX-License-Identifier: MIT */
/* load: a configuration from a text, in this process: nothing is read from a disk or mapped, for speed. */
#ifndef SOCKGREET_TEST_LOAD_H
#define SOCKGREET_TEST_LOAD_H

#include "conf/conf_build.h"
#include "conf/conf_regular.h"
#include "conf/conf_report.h"
#include "room.h"

static struct {
    const char *text;
    size_t size;
} load_file;

#define LOAD_PATH "x.conf"

/* In the place of the one that reads a file: what a configuration names is a file of quotes. */
int conf_regular_read(const char *path, size_t limit, struct conf_regular *file, struct message *error)
{
    static const char quotes[] = "One.\n%\n\tTwo\n\nlines.\n";
    bool is_quotes = strcmp(path, LOAD_PATH) != 0;
    size_t size = is_quotes ? sizeof(quotes) - 1 : load_file.size;
    char *text = malloc(size + 2);

    (void)error;
    FUZZ_CHECK(text && size <= limit);
    if (size > 0)
        memcpy(text, is_quotes ? quotes : load_file.text, size);
    memcpy(text + size, "\n", 2);
    *file = (struct conf_regular){.text = text, .length = size};
    return 0;
}

/* Returns NULL if the text is refused, see report; what it returns lies in the arena. */
static inline const struct conf *load_text(const char *text, size_t size, struct arena *arena,
                                           struct conf_report *report)
{
    const struct conf_source source = {.path = LOAD_PATH, .path_given = true, .alone = true};

    load_file.text = text;
    load_file.size = size;
    return conf_build(arena, &source, report);
}

#endif
