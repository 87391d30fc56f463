/* SPDX-License-Identifier: MIT */
/* template_part: what a compiled template consists of, for the modules that make one. */
#ifndef SOCKGREET_TEMPLATE_PART_H
#define SOCKGREET_TEMPLATE_PART_H

#include <limits.h>
#include <stddef.h>

#define TEMPLATE_NONE UINT_MAX

/* Text as it is, and the variable after it. */
struct template_part {
    const char *text;
    size_t length;
    unsigned variable;    /* its place in the list; TEMPLATE_NONE: the last part may have none */
    const char *argument; /* NULL: none */
    size_t longest;       /* of the variable's value */
    const char *fallback; /* if that is empty */
    size_t fallback_length;
};

#endif
