/* SPDX-License-Identifier: MIT */
/* conf_group: reads the settings of one group of the file into a value, as a table describes. */
#ifndef SOCKGREET_CONF_GROUP_H
#define SOCKGREET_CONF_GROUP_H

#include "conf/conf_builder.h"
#include "conf/conf_table.h"

#include <libconfig.h>

/* Fills value from group, whose path is base ("" for the file itself). Reports settings that are unknown,
 * have the wrong type or are out of range, and those that none of transports (bits; 0: any) has. */
void conf_group_read(struct conf_builder *builder, const struct conf_table *table,
                     const config_setting_t *group, const char *base, unsigned transports, void *value);

#endif
