/* SPDX-License-Identifier: MIT */
/* conf_listeners: builds the listeners: those of the command line, of the files, or the built-in ones. */
#ifndef SOCKGREET_CONF_LISTENERS_H
#define SOCKGREET_CONF_LISTENERS_H

#include "conf/conf_builder.h"
#include "conf/conf_tree.h"

/* Builds the listeners of the configuration from its files. */
void conf_listeners_build(struct conf_builder *builder, const struct conf_trees *trees);

#endif
