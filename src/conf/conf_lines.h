/* SPDX-License-Identifier: MIT */
/* conf_lines: the lines of the entries of lists. libconfig looks past a string for another one to join, and
 * notes the line on which it stopped: for the last entry, that of the bracket. */
#ifndef SOCKGREET_CONF_LINES_H
#define SOCKGREET_CONF_LINES_H

#include <libconfig.h>
#include <stddef.h>

/* Stores the lines in the hooks of the entries. root is the tree read from text. */
void conf_lines_note(config_setting_t *root, const char *text, size_t length);

/* The line of a setting or entry. */
unsigned conf_lines_of(const config_setting_t *setting);

#endif
