/* SPDX-License-Identifier: MIT */
#include "base/escape.h"

#include <string.h>

static const char hex[] = "0123456789abcdef";

static size_t escape_byte(char out[4], unsigned char c)
{
    const char *short_form = c ? strchr("\nn\rr\tt\\\\", c) : NULL;

    if (short_form && (c < 0x20 || c == '\\')) {
        out[0] = '\\';
        out[1] = c == '\\' ? '\\' : short_form[1];
        return 2;
    }
    if (c >= 0x20 && c < 0x7f) {
        out[0] = (char)c;
        return 1;
    }
    out[0] = '\\';
    out[1] = 'x';
    out[2] = hex[c >> 4];
    out[3] = hex[c & 15];
    return 4;
}

size_t escape_bytes(char *text, size_t size, const void *bytes, size_t count)
{
    const unsigned char *in = bytes;
    size_t used = 0;

    if (size == 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        char one[4];
        size_t n = escape_byte(one, in[i]);

        if (used + n >= size)
            break;
        memcpy(text + used, one, n);
        used += n;
    }
    text[used] = '\0';
    return used;
}
