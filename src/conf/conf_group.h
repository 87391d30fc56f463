/* SPDX-License-Identifier: MIT */
/* conf_fill: reads the settings of one group of the file, as a table says, into a value. */
#ifndef SOCKGREET_CONF_FILL_H
#define SOCKGREET_CONF_FILL_H

#include "conf/conf_builder.h"
#include "conf/conf_table.h"

#include <libconfig.h>

/* Fills value from group, whose path is base ("" for the file itself). What is unknown, of another type or
 * out of range is reported, and so are settings that none of transports (bits; 0: any) has. */
void conf_fill(struct conf_builder *builder, const struct conf_table *table, const config_setting_t *group,
               const char *base, unsigned transports, void *value);

#endif
