/* SPDX-License-Identifier: MIT */
#include "conf/conf_number.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 64 /* bytes of the longest number that is looked at */

static const char no_number[] = "is no number; texts are written in double quotes";
static const char decimal[] = "0123456789";
static const char hexadecimal[] = "0123456789abcdefABCDEF";

static const char *integer_wrong(const char *digits, int base, bool is_long)
{
    long long value;

    errno = 0;
    value = strtoll(digits, NULL, base);
    if (errno == ERANGE)
        return "does not fit into 64 bits";
    if (!is_long && (value > INT32_MAX || value < INT32_MIN))
        return "does not fit into 32 bits; write an L after the last digit";
    return NULL;
}

/* Skips the "L" or "LL" of a 64-bit integer. */
static bool skip_long(const char **at)
{
    size_t count = strspn(*at, "L");

    if (count > 2)
        return false;
    *at += count;
    return count > 0;
}

static const char *hex_wrong(const char *number)
{
    size_t digits = strspn(number + 2, hexadecimal);
    const char *end = number + 2 + digits;
    bool is_long = skip_long(&end);

    if (digits == 0 || *end)
        return no_number;
    return integer_wrong(number, 16, is_long);
}

static const char *decimal_wrong(const char *number, const char *digits)
{
    size_t count = strspn(digits, decimal);
    const char *end = digits + count;
    bool is_long = skip_long(&end);

    if (digits[0] == '0' && count > 1)
        return "begins with a zero, which would not make it octal; write it without, or as a string";
    if (count == 0 || *end)
        return no_number;
    return integer_wrong(number, 10, is_long);
}

/* Skips an exponent with at least one digit. False if there is something else. */
static bool skip_exponent(const char **at)
{
    const char *digits = *at + 1;
    size_t count;

    digits += *digits == '+' || *digits == '-';
    count = strspn(digits, decimal);
    *at = digits + count;
    return count > 0;
}

static const char *float_wrong(const char *number, const char *digits)
{
    size_t whole = strspn(digits, decimal);
    size_t fraction = digits[whole] == '.' ? strspn(digits + whole + 1, decimal) : 0;
    const char *at = digits + whole + (digits[whole] == '.') + fraction;
    bool exponent = *at == 'e' || *at == 'E';

    if (whole + fraction == 0 || (exponent && !skip_exponent(&at)) || *at)
        return no_number;
    if (whole > 1 && digits[0] == '0')
        return "begins with a zero; write it without";
    errno = 0;
    strtod(number, NULL);
    return errno == ERANGE ? "is outside what a floating-point number holds" : NULL;
}

static const char *wrong(const char *number)
{
    const char *digits = number + (*number == '+' || *number == '-');

    if (number[0] == '0' && (number[1] == 'x' || number[1] == 'X'))
        return hex_wrong(number);
    if (strpbrk(digits, ".eE"))
        return float_wrong(number, digits);
    return decimal_wrong(number, digits);
}

const char *conf_number_wrong(const char *bytes, size_t length, bool *is_number)
{
    char number[DIGITS_MAX];
    const char *result = no_number;

    if (length < sizeof(number)) {
        memcpy(number, bytes, length);
        number[length] = '\0';
        result = wrong(number);
    }
    *is_number = result != no_number;
    return result;
}
