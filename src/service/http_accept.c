/* SPDX-License-Identifier: MIT */
#include "service/http_accept.h"

#include "base/ascii.h"

#include <string.h>

#define WEIGHT_MAX 1000

enum { RANGE_ANY = 1, RANGE_TYPE, RANGE_EXACT };

/* Removes the white space around it. */
static void trim(const char **at, const char **end)
{
    while (*at < *end && (**at == ' ' || **at == '\t'))
        ++*at;
    while (*end > *at && ((*end)[-1] == ' ' || (*end)[-1] == '\t'))
        --*end;
}

/* Takes the part before the next separator, and skips the separator. */
static bool take(const char **rest, const char *end, char separator, const char **item, const char **item_end)
{
    const char *found;

    if (*rest >= end)
        return false;
    found = memchr(*rest, separator, (size_t)(end - *rest));
    *item = *rest;
    *item_end = found ? found : end;
    *rest = found ? found + 1 : end;
    trim(item, item_end);
    return true;
}

static bool equals(const char *at, const char *end, const char *text)
{
    return (size_t)(end - at) == strlen(text) && ascii_same(at, text, strlen(text));
}

/* "0.5" is 500: three decimals at most (RFC 9110, section 12.4.2). */
static unsigned read_weight(const char *at, const char *end)
{
    unsigned weight = 0, worth = WEIGHT_MAX;

    for (; at < end && worth > 0; at++) {
        if (*at == '.' && worth == WEIGHT_MAX / 10)
            continue;
        if (!ascii_is_digit(*at))
            return 0;
        weight += (unsigned)(*at - '0') * worth;
        worth /= 10;
    }
    return weight < WEIGHT_MAX ? weight : WEIGHT_MAX;
}

static unsigned weight_of(const char *parameters, const char *end)
{
    unsigned weight = WEIGHT_MAX;
    const char *at, *at_end;

    while (take(&parameters, end, ';', &at, &at_end))
        if (at_end - at > 2 && ascii_same(at, "q=", 2))
            weight = read_weight(at + 2, at_end);
    return weight;
}

static void note_weight(struct http_preference *preference, unsigned exactness, unsigned weight)
{
    if (exactness > preference->exactness ||
        (exactness == preference->exactness && weight > preference->weight))
        *preference = (struct http_preference){exactness, weight};
}

static void read_range(struct http_accept *accept, const char *at, const char *end, unsigned weight)
{
    bool is_any = equals(at, end, "*/*");

    if (is_any || equals(at, end, "application/*"))
        note_weight(&accept->json, is_any ? RANGE_ANY : RANGE_TYPE, weight);
    if (is_any || equals(at, end, "text/*"))
        note_weight(&accept->text, is_any ? RANGE_ANY : RANGE_TYPE, weight);
    if (equals(at, end, "application/json"))
        note_weight(&accept->json, RANGE_EXACT, weight);
    if (equals(at, end, "application/openmetrics-text"))
        note_weight(&accept->openmetrics, RANGE_EXACT, weight);
    if (equals(at, end, "text/plain"))
        note_weight(&accept->text, RANGE_EXACT, weight);
}

void http_accept_read(struct http_accept *accept, const char *value, size_t length)
{
    const char *end = value + length, *item, *item_end;

    while (take(&value, end, ',', &item, &item_end)) {
        const char *range, *range_end;

        if (take(&item, item_end, ';', &range, &range_end))
            read_range(accept, range, range_end, weight_of(item, item_end));
    }
}

bool http_accept_prefers_json(const struct http_accept *accept)
{
    return accept->json.weight > accept->text.weight;
}

bool http_accept_prefers_openmetrics(const struct http_accept *accept)
{
    return accept->openmetrics.weight > 0 && accept->openmetrics.weight >= accept->text.weight;
}
