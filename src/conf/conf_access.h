/* SPDX-License-Identifier: MIT */
/* conf_access: checks access lists and the networks that they name, and compiles them for lookup. */
#ifndef SOCKGREET_CONF_ACCESS_H
#define SOCKGREET_CONF_ACCESS_H

#include "conf/conf_builder.h"
#include "conf/conf_tree.h"

/* Reads "networks", and then the lists of "access", which name them. */
void conf_access_networks(struct conf_builder *builder, const struct conf_trees *trees);
void conf_access_service(struct conf_builder *builder, const struct conf_trees *trees);

/* Compiles the lists of a listener, or gives it the service's if it has none. group: NULL if the listener is
 * not in a file. */
void conf_access_listener(struct conf_builder *builder, const config_setting_t *group,
                          struct conf_listener *listener);

/* Compiles proxy_from of an IP listener that has it; group is its group in the file. */
void conf_access_proxies(struct conf_builder *builder, const config_setting_t *group,
                         struct conf_listener *listener);

#endif
