/* SPDX-License-Identifier: MIT */
/* show_listeners: a table of listening sockets. */
#ifndef SOCKGREET_CTL_SHOW_LISTENERS_H
#define SOCKGREET_CTL_SHOW_LISTENERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Returns false if the answer is not as expected. */
bool show_listeners(FILE *out, const json_t *answer);

#endif
