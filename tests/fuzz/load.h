/* SPDX-License-Identifier: MIT */
/* load: a configuration from a text, in this process and without the network. */
#ifndef SOCKGREET_TEST_LOAD_H
#define SOCKGREET_TEST_LOAD_H

#include "conf/conf_build.h"
#include "conf/conf_report.h"
#include "fuzz.h"

#include <sys/mman.h>

#define LOAD_ARENA (4u << 20) /* enough for what is tried, and soon mapped */

/* Returns NULL if the text is refused, see report; the caller closes the arena in any case. */
static inline const struct conf *load_text(const char *text, size_t size, struct arena *arena,
                                           struct conf_report *report)
{
    char path[32];
    const struct conf_source source = {.path = path, .path_given = true, .alone = true};
    const struct conf *conf;
    int fd = memfd_create("sockgreet.conf", MFD_CLOEXEC);

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    FUZZ_CHECK(fd >= 0 && write(fd, text, size) == (ssize_t)size);
    FUZZ_CHECK(arena_open(arena, LOAD_ARENA) == 0);
    conf = conf_build(arena, &source, report);
    close(fd);
    return conf;
}

#endif
