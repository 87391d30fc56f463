/* SPDX-License-Identifier: MIT */
#include "service/digits.h"

#include <string.h>

#define LONGEST 32 /* a sign, the digits of 64 bits, a point */

static size_t put(char *out, size_t room, const char *from, const char *end)
{
    size_t length = (size_t)(end - from);

    length = length < room ? length : room;
    memcpy(out, from, length);
    return length;
}

/* Before end, at least so many digits. Returns where they begin. */
static char *write_before(char *end, uint64_t number, unsigned base, unsigned least)
{
    char *at = end;

    for (; number || at > end - least; number /= base)
        *--at = "0123456789abcdef"[number % base];
    return at;
}

size_t digits_write(char *out, size_t room, int64_t number)
{
    char text[LONGEST], *end = text + sizeof(text);
    char *at = write_before(end, number < 0 ? -(uint64_t)number : (uint64_t)number, 10, 1);

    if (number < 0)
        *--at = '-';
    return put(out, room, at, end);
}

size_t digits_write_fixed(char *out, size_t room, uint64_t number, unsigned decimals)
{
    char text[LONGEST], *end = text + sizeof(text);
    char *at = write_before(end, number, 10, decimals + 1), *point = end - decimals;

    at--;
    memmove(at, at + 1, (size_t)(point - at - 1));
    point[-1] = '.';
    return put(out, room, at, end);
}

size_t digits_write_hex(char *out, size_t room, uint64_t number, unsigned least)
{
    char text[LONGEST], *end = text + sizeof(text);

    return put(out, room, write_before(end, number, 16, least), end);
}

size_t digits_write_ipv4(char *out, size_t room, const uint8_t ip[4])
{
    char text[LONGEST], *end = text + sizeof(text), *at = end;

    for (int i = 3; i >= 0; i--) {
        at = write_before(at, ip[i], 10, 1);
        if (i > 0)
            *--at = '.';
    }
    return put(out, room, at, end);
}
