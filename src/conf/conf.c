/* SPDX-License-Identifier: MIT */
#include "conf/conf.h"

void conf_free(const struct conf *conf)
{
    struct arena arena;

    if (!conf)
        return;
    arena = conf->arena;
    arena_close(&arena);
}
