/* SPDX-License-Identifier: MIT */
/* conf_number: tells whether libconfig reads a number as it is written. */
#ifndef SOCKGREET_CONF_NUMBER_H
#define SOCKGREET_CONF_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* NULL if libconfig 1.5 reads these bytes as the number that they show; else what is wrong with them and what
 * to write, with *is_number telling whether they are a number at all. */
const char *conf_number_wrong(const char *bytes, size_t length, bool *is_number);

#endif
