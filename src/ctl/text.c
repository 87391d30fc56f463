/* SPDX-License-Identifier: MIT */
#include "ctl/text.h"

#include "base/escape.h"
#include "base/printable.h"
#include "ctl/memory.h"

#include <string.h>

void text_print(FILE *out, const char *text, const char *kept)
{
    unsigned marks_left = 0;

    while (*text) {
        char escaped[20];
        uint32_t character;
        size_t length = printable_read(text, PRINTABLE_BYTES_MAX, &character);

        if (printable_shows(character, &marks_left) || strchr(kept, *text)) {
            fwrite(text, 1, length, out);
        } else {
            escape_bytes(escaped, sizeof(escaped), text, length);
            fputs(escaped, out);
        }
        text += length;
    }
}

char *text_printable(const char *text, const char *kept)
{
    char *printable = NULL;
    size_t size;
    FILE *out = memory_checked(open_memstream(&printable, &size));

    text_print(out, text, kept);
    if (fclose(out) != 0)
        memory_checked(NULL);
    return printable;
}

size_t text_width(const char *printable)
{
    size_t width = 0;

    while (*printable) {
        uint32_t character;

        printable += printable_read(printable, PRINTABLE_BYTES_MAX, &character);
        width += printable_columns(character);
    }
    return width;
}

size_t text_fitting(const char *printable, size_t columns)
{
    size_t bytes = 0, width = 0;

    while (printable[bytes]) {
        uint32_t character;
        size_t length = printable_read(printable + bytes, PRINTABLE_BYTES_MAX, &character);

        width += printable_columns(character);
        if (width > columns && bytes > 0)
            break;
        bytes += length;
    }
    return bytes;
}
