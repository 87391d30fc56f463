/* SPDX-License-Identifier: MIT */
#include "service/digits.h"

#include "base/util.h"

/* The length is computed first, so that each digit is written to its place; truncation removes the last
 * digits. Division is the slowest part, so there is one for two digits. */

/* powers[n] is the smallest number with n + 1 digits. */
static const uint64_t powers[] = {1,
                                  10,
                                  100,
                                  1000,
                                  10000,
                                  100000,
                                  1000000,
                                  10000000,
                                  100000000,
                                  1000000000,
                                  10000000000,
                                  100000000000,
                                  1000000000000,
                                  10000000000000,
                                  100000000000000,
                                  1000000000000000,
                                  10000000000000000,
                                  100000000000000000,
                                  1000000000000000000,
                                  10000000000000000000u};

static size_t length_of(uint64_t number)
{
    size_t length = 1;

    while (length < ARRAY_SIZE(powers) && number >= powers[length])
        length++;
    return length;
}

static void write_pair(char *out, unsigned number)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";

    out[0] = pairs[2 * number];
    out[1] = pairs[2 * number + 1];
}

size_t digits_write_padded(char *out, size_t room, uint64_t number, size_t length)
{
    size_t left;

    for (; length > room; length--)
        number /= 10;
    for (left = length; left >= 2; left -= 2, number /= 100)
        write_pair(out + left - 2, number % 100);
    if (left)
        *out = (char)('0' + number % 10);
    return length;
}

static size_t write_number(char *out, size_t room, uint64_t number)
{
    if (number >= 10 || room == 0)
        return digits_write_padded(out, room, number, length_of(number));
    *out = (char)('0' + number);
    return 1;
}

size_t digits_write(char *out, size_t room, int64_t number)
{
    if (number >= 0 || room == 0)
        return write_number(out, room, (uint64_t)number);
    *out = '-';
    return 1 + write_number(out + 1, room - 1, -(uint64_t)number);
}

static size_t write_point(char *out, size_t room)
{
    if (room)
        *out = '.';
    return room > 0;
}

size_t digits_write_fixed(char *out, size_t room, uint64_t number, unsigned decimals)
{
    uint64_t one = powers[decimals];
    size_t used = write_number(out, room, number / one);

    used += write_point(out + used, room - used);
    return used + digits_write_padded(out + used, room - used, number % one, decimals);
}

size_t digits_write_hex(char *out, size_t room, uint64_t number, size_t least)
{
    size_t length = least;

    while (length < 16 && number >> 4 * length)
        length++;
    for (; length > room; length--)
        number >>= 4;
    for (size_t left = length; left > 0; number >>= 4)
        out[--left] = "0123456789abcdef"[number & 15];
    return length;
}

size_t digits_write_ipv4(char *out, size_t room, const uint8_t ip[4])
{
    size_t used = write_number(out, room, ip[0]);

    for (int i = 1; i < 4; i++) {
        used += write_point(out + used, room - used);
        used += write_number(out + used, room - used, ip[i]);
    }
    return used;
}
