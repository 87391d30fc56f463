/* SPDX-License-Identifier: MIT */
#include "base/suggest.h"

#include "base/ascii.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_COMPARED 48

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Damerau and Levenshtein's distance, with neighbours swapped at most once. */
static unsigned edits(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[NAME_MAX_COMPARED + 1][NAME_MAX_COMPARED + 1];

    for (size_t i = 0; i <= a_length; i++)
        rows[i][0] = (unsigned)i;
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++)
        for (size_t j = 1; j <= b_length; j++) {
            unsigned change = ascii_lower(a[i - 1]) != ascii_lower(b[j - 1]);

            rows[i][j] = least(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                rows[i - 2][j - 2] + 1 < rows[i][j])
                rows[i][j] = rows[i - 2][j - 2] + 1;
        }
    return rows[a_length][b_length];
}

static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot ? dot + 1 : path;
}

unsigned suggest_distance(const char *written, const char *known)
{
    size_t written_length = strlen(written);
    size_t known_length = strlen(known);
    unsigned distance;

    if (written_length > NAME_MAX_COMPARED || known_length > NAME_MAX_COMPARED)
        return SUGGEST_MAX + 1;
    distance = edits(written, written_length, known, known_length);
    /* Two edits of a short name can make any other. */
    if (distance <= SUGGEST_MAX && (distance == 0 || written_length > 2 * distance))
        return distance;
    return strcmp(last_part(written), last_part(known)) == 0 ? 1 : SUGGEST_MAX + 1;
}

void suggest_try(struct suggestion *suggestion, const char *written, const char *known, size_t length)
{
    struct suggestion other;

    snprintf(other.name, sizeof(other.name), "%.*s", (int)length, known);
    other.distance = suggest_distance(written, other.name);
    if (other.distance < suggestion->distance)
        *suggestion = other;
}
