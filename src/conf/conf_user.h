/* SPDX-License-Identifier: MIT */
/* conf_user: the user and group of the workers when started as root, and the group that may control the
 * service. */
#ifndef SOCKGREET_CONF_USER_H
#define SOCKGREET_CONF_USER_H

#include "conf/conf_builder.h"

/* Fills user, group and their numbers; user_place and group_place are where user and group are set. */
void conf_user_resolve(struct conf_builder *builder, struct conf_place user_place,
                       struct conf_place group_place);

/* Fills control_gid; place is where control.group is set. The default group need not exist. */
void conf_user_resolve_control(struct conf_builder *builder, struct conf_place place);

#endif
