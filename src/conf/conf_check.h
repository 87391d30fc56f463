/* SPDX-License-Identifier: MIT */
/* conf_check: checks one listener whose settings have been read, and derives the rest from them. */
#ifndef SOCKGREET_CONF_CHECK_H
#define SOCKGREET_CONF_CHECK_H

#include "conf/conf_builder.h"

#include <libconfig.h>

/* Fills the endpoints, the compiled greeting, the owner and the shards of listener, which must have a name
 * and a transport. group is its group in the file, or NULL. Reports errors. */
void conf_check_listener(struct conf_builder *builder, const config_setting_t *group,
                         struct conf_listener *listener);

/* The number of processors that the service may use. */
unsigned conf_check_cpus(void);

#endif
