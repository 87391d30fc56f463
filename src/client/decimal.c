/* SPDX-License-Identifier: MIT */
#include "client/decimal.h"

#include <stdio.h>
#include <string.h>

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
