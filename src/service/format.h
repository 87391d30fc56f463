/* SPDX-License-Identifier: MIT */
/* format: how an answer is written: as its greeting is, or with everything that is known, for programs.
 *
 * An answer in a format is a template too, made of the greeting's. */
#ifndef SOCKGREET_FORMAT_H
#define SOCKGREET_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define FORMAT_SCHEMA 1 /* of JSON: another when a member goes, or means something else */

enum format {
    FORMAT_TEXT, /* the greeting */
    FORMAT_JSON, /* an object with the greeting and all variables (RFC 8259), and a newline */
    FORMAT_LINE, /* the same as name=value, quoted for the shell, on one line */
    FORMAT_COUNT
};

/* The template of the whole answer, made of length bytes of the greeting's, without its last newline;
 * left_out: bits of variables that it does without. Returns memory to be freed, with the template's length in
 * wrapped; NULL without memory. Not for FORMAT_TEXT. */
char *format_wrap(enum format format, const char *greeting, size_t length, uint64_t left_out,
                  size_t *wrapped);

/* A value as written between the quotes of the format; to be freed. NULL without memory. */
char *format_value(enum format format, const char *value);

#endif
