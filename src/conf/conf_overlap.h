/* SPDX-License-Identifier: MIT */
/* conf_overlap: finds listeners that the kernel would not let bind side by side. */
#ifndef SOCKGREET_CONF_OVERLAP_H
#define SOCKGREET_CONF_OVERLAP_H

#include "conf/conf_builder.h"

/* Reports every listener that shares an endpoint, a socket file or an abstract name with one before it. */
void conf_overlap_check(struct conf_builder *builder);

#endif
