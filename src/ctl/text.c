/* SPDX-License-Identifier: MIT */
#include "ctl/text.h"

#include "base/escape.h"
#include "base/util.h"
#include "ctl/memory.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* How many bytes a character has that begins with this one; 0: none does. */
static size_t length_by_first(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static bool is_scalar(uint32_t value, size_t length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    return value >= least[length] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

size_t text_character(const char *text, uint32_t *character)
{
    const unsigned char *in = (const unsigned char *)text;
    size_t length = length_by_first(in[0]);
    uint32_t value = length == 1 ? in[0] : in[0] & (0x7fu >> length);

    *character = TEXT_INVALID;
    for (size_t i = 1; i < length; i++) {
        if ((in[i] & 0xc0) != 0x80)
            return 1;
        value = value << 6 | (in[i] & 0x3fu);
    }
    if (length == 0 || !is_scalar(value, length))
        return 1;
    *character = value;
    return length;
}

/* These show nothing, and have what follows shown elsewhere. */
static bool changes_direction(uint32_t character)
{
    return character == 0x061c || (character >= 0x200e && character <= 0x200f) ||
           (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

bool text_shows(uint32_t character)
{
    if (character < 0x80)
        return character >= 0x20 && character < 0x7f;
    if (character < 0xa0 || character == TEXT_INVALID || changes_direction(character))
        return false;
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && iswprint((wint_t)character);
}

void text_print(FILE *out, const char *text, const char *kept)
{
    while (*text) {
        char escaped[20];
        uint32_t character;
        size_t length = text_character(text, &character);

        if (text_shows(character) || strchr(kept, *text)) {
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

static size_t character_width(uint32_t character)
{
    int width = character < 0x80 ? 1 : wcwidth((wchar_t)character);

    return width > 0 ? (size_t)width : 0;
}

size_t text_width(const char *printable)
{
    size_t width = 0;

    while (*printable) {
        uint32_t character;

        printable += text_character(printable, &character);
        width += character_width(character);
    }
    return width;
}

size_t text_fitting(const char *printable, size_t columns)
{
    size_t bytes = 0, width = 0;

    while (printable[bytes]) {
        uint32_t character;
        size_t length = text_character(printable + bytes, &character);

        width += character_width(character);
        if (width > columns && bytes > 0)
            break;
        bytes += length;
    }
    return bytes;
}
