/* SPDX-License-Identifier: MIT */
/* ascii: character classes and comparison of ASCII, independent of the locale: in Turkish "I" is not the
 * capital of "i", and strncasecmp() follows that. */
#ifndef SOCKGREET_ASCII_H
#define SOCKGREET_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline bool ascii_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline char ascii_lower(char c)
{
    return ascii_is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static inline bool ascii_is_letter(char c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether the first count bytes are equal, ignoring case. A string that ends earlier is compared up to its
 * NUL. */
static inline bool ascii_same(const char *a, const char *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
        if (a[i] == '\0')
            break;
    }
    return true;
}

#endif
