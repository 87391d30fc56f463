/* SPDX-License-Identifier: MIT */
#include "client/decimal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

size_t decimal_read(const char *text, double *number)
{
    size_t length = strspn(text, DIGITS);

    if (text[length] == '.')
        length += 1 + strspn(text + length + 1, DIGITS);
    if (length == 0 || (length == 1 && text[0] == '.'))
        return 0;
    /* Of "1e3" and "0x10", strtod() reads more: the caller refuses what follows the digits. */
    *number = strtod(text, NULL);
    return length;
}

const char *decimal_text(char text[DECIMAL_MAX], double number, int decimals)
{
    int length = snprintf(text, DECIMAL_MAX, "%.*f", decimals, number);

    if (strchr(text, '.')) {
        while (text[length - 1] == '0')
            length--;
        if (text[length - 1] == '.')
            length--;
        text[length] = '\0';
    }
    return strcmp(text, "-0") == 0 ? strcpy(text, "0") : text;
}
