/* SPDX-License-Identifier: MIT */
/* conf_user: as whom the workers run when the service is started as root. */
#ifndef SOCKGREET_CONF_USER_H
#define SOCKGREET_CONF_USER_H

#include "conf/conf_builder.h"

/* Fills user, group and their numbers; user_line and group_line are where they are set, 0 if they are not. */
void conf_user_resolve(struct conf_builder *builder, unsigned user_line, unsigned group_line);

#endif
