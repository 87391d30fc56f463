/* SPDX-License-Identifier: MIT */
/* conf_build: builds a configuration from its source. */
#ifndef SOCKGREET_CONF_BUILD_H
#define SOCKGREET_CONF_BUILD_H

#include "conf/conf.h"

/* Reads, scans, parses, checks and resolves, all in this process (see loader.h for its use). The result
 * is in arena. Returns NULL if there are errors, which are in report. */
const struct conf *conf_build(struct arena *arena, const struct conf_source *source,
                              struct conf_report *report);

#endif
