/* SPDX-License-Identifier: MIT */
/* conf_syscalls: the system calls that a worker may make, as a filter program for seccomp(2). The loader
 * compiles it, so that workers do not need libseccomp. */
#ifndef SOCKGREET_CONF_SYSCALLS_H
#define SOCKGREET_CONF_SYSCALLS_H

#include "conf/conf_builder.h"

/* Fills the configuration's filter, unless the sandbox is off. */
void conf_syscalls_compile(struct conf_builder *builder);

#endif
