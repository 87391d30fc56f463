/* SPDX-License-Identifier: MIT */
/* conf_lines: on which lines the entries of lists stand. libconfig reads past a string to see whether another
 * one follows, and notes the line on which it looked: that of the bracket, for the last entry. */
#ifndef SOCKGREET_CONF_LINES_H
#define SOCKGREET_CONF_LINES_H

#include <libconfig.h>
#include <stddef.h>

/* Notes the lines in the hooks of the entries. root is what was read of the text. */
void conf_lines_note(config_setting_t *root, const char *text, size_t length);

/* The line of a setting or entry. */
unsigned conf_lines_of(const config_setting_t *setting);

#endif
