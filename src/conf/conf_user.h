/* SPDX-License-Identifier: MIT */
/* conf_user: as whom the workers run when the service is started as root, and who may control it. */
#ifndef SOCKGREET_CONF_USER_H
#define SOCKGREET_CONF_USER_H

#include "conf/conf_builder.h"

/* Fills user, group and their numbers; user_line and group_line are where they are set, 0 if they are not. */
void conf_user_resolve(struct conf_builder *builder, unsigned user_line, unsigned group_line);

/* Fills control_gid; line is where control.group is set, 0 if it is not. The default group need not exist. */
void conf_user_resolve_control(struct conf_builder *builder, unsigned line);

#endif
