/* SPDX-License-Identifier: MIT */
/* conf_print: writes a configuration as a file that reads back as the same. */
#ifndef SOCKGREET_CONF_PRINT_H
#define SOCKGREET_CONF_PRINT_H

#include "conf/conf_table.h"

/* Writes the setting's value in value, the struct that its table describes. For all settings see conf_print()
 * in conf.h. */
void conf_print_value(const struct conf_setting *setting, const void *value, FILE *out);

#endif
