/* SPDX-License-Identifier: MIT */
/* conf_complete: checks one listener whose settings have been read, and works out what follows from them. */
#ifndef SOCKGREET_CONF_COMPLETE_H
#define SOCKGREET_CONF_COMPLETE_H

#include "conf/conf_builder.h"

#include <libconfig.h>

/* Fills the endpoints, the compiled greeting, the owner and the shards of listener, which must have a name
 * and a transport; group is where it stands in the file, NULL if it does not. What is wrong is reported. */
void conf_complete(struct conf_builder *builder, const config_setting_t *group,
                   struct conf_listener *listener);

/* Processors that the service may use. */
unsigned conf_complete_cpus(void);

#endif
