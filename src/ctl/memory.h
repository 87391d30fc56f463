/* SPDX-License-Identifier: MIT */
/* memory: a program that prints one answer ends if it is out of memory. */
#ifndef SOCKGREET_CTL_MEMORY_H
#define SOCKGREET_CTL_MEMORY_H

#include <err.h>
#include <sysexits.h>

/* Returns the pointer; ends the program if it is NULL. */
static inline void *memory_checked(void *memory)
{
    if (!memory)
        err(EX_OSERR, "memory");
    return memory;
}

#endif
