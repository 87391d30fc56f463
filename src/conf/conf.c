/* SPDX-License-Identifier: MIT */
#include "conf/conf.h"

#include <sys/mman.h>

void conf_hold(const struct conf *conf)
{
    ++*conf->references;
}

void conf_free(const struct conf *conf)
{
    struct arena arena;

    if (!conf || (conf->references && --*conf->references > 0))
        return;
    if (conf->references)
        munmap(conf->references, sizeof(*conf->references));
    arena = conf->arena;
    arena_close(&arena);
}
