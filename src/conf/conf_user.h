/* SPDX-License-Identifier: MIT */
/* conf_user: as whom the workers run when the service is started as root, and who may control it. */
#ifndef SOCKGREET_CONF_USER_H
#define SOCKGREET_CONF_USER_H

#include "conf/conf_builder.h"

/* Fills user, group and their numbers; user_place and group_place are where they are set. */
void conf_user_resolve(struct conf_builder *builder, struct conf_place user_place,
                       struct conf_place group_place);

/* Fills control_gid; place is where control.group is set. The default group need not exist. */
void conf_user_resolve_control(struct conf_builder *builder, struct conf_place place);

#endif
