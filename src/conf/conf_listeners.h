/* SPDX-License-Identifier: MIT */
/* conf_listener: which listeners there are: those of the command line, of the file, or the built-in ones. */
#ifndef SOCKGREET_CONF_LISTENER_H
#define SOCKGREET_CONF_LISTENER_H

#include "conf/conf_builder.h"

#include <libconfig.h>

/* Builds the listeners of the configuration; root is the file's top group, NULL if there is no file. */
void conf_listener_build(struct conf_builder *builder, const config_setting_t *root);

#endif
