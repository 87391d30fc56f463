/* SPDX-License-Identifier: MIT */
/* conf_syscalls: which system calls a worker may make, as the program that the kernel asks about each
 * (seccomp(2)). The loader compiles it, so that no worker needs the library for it. */
#ifndef SOCKGREET_CONF_SYSCALLS_H
#define SOCKGREET_CONF_SYSCALLS_H

#include "conf/conf_builder.h"

/* Fills the configuration's filter, unless there is to be no sandbox. */
void conf_syscalls_compile(struct conf_builder *builder);

#endif
