/* SPDX-License-Identifier: MIT */
/* memory: what a program that prints one answer does without memory: it ends. */
#ifndef SOCKGREET_CTL_MEMORY_H
#define SOCKGREET_CTL_MEMORY_H

#include <err.h>
#include <sysexits.h>

/* The same pointer; ends the program if it is NULL. */
static inline void *memory_checked(void *memory)
{
    if (!memory)
        err(EX_OSERR, "memory");
    return memory;
}

#endif
