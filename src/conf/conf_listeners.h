/* SPDX-License-Identifier: MIT */
/* conf_listener: which listeners there are: those of the command line, of the files, or the built-in ones. */
#ifndef SOCKGREET_CONF_LISTENER_H
#define SOCKGREET_CONF_LISTENER_H

#include "conf/conf_builder.h"
#include "conf/conf_tree.h"

/* Builds the listeners of the configuration from its files. */
void conf_listener_build(struct conf_builder *builder, const struct conf_trees *trees);

#endif
