/* SPDX-License-Identifier: MIT */
#include "base/printable.h"

#include "base/util.h"

#include <langinfo.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* The number of bytes of a character that begins with this one; 0: none does. */
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

size_t printable_read(const char *bytes, size_t count, uint32_t *character)
{
    const unsigned char *in = (const unsigned char *)bytes;
    size_t length = length_by_first(in[0]);
    uint32_t value = length == 1 ? in[0] : in[0] & (0x7fu >> length);

    *character = PRINTABLE_INVALID;
    if (length == 0 || length > count)
        return 1;
    for (size_t i = 1; i < length; i++) {
        if ((in[i] & 0xc0) != 0x80)
            return 1;
        value = value << 6 | (in[i] & 0x3fu);
    }
    if (!is_scalar(value, length))
        return 1;
    *character = value;
    return length;
}

struct range {
    uint32_t first, last;
};

/* What Unicode calls Default_Ignorable_Code_Point, separators of lines and paragraphs, and controls of
 * annotations and of hieroglyphs: invisible, and some change where and how other text is shown. */
static bool is_invisible(uint32_t character)
{
    static const struct range ranges[] = {
        {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},     {0x115f, 0x1160}, {0x17b4, 0x17b5},
        {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f}, {0x3164, 0x3164},
        {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb}, {0x13430, 0x1343f},
        {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };

    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
        if (character <= ranges[i].last)
            return character >= ranges[i].first;
    return false;
}

bool printable_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static bool is_shown_alone(uint32_t character)
{
    if (character < 0x80)
        return character >= 0x20 && character < 0x7f;
    if (character < 0xa0 || character == PRINTABLE_INVALID || is_invisible(character))
        return false;
    return printable_is_utf8() && iswprint((wint_t)character);
}

bool printable_shows(uint32_t character, unsigned *marks_left)
{
    bool shows = is_shown_alone(character), is_mark = shows && printable_columns(character) == 0;

    if (is_mark)
        return *marks_left > 0 && (*marks_left)--;
    *marks_left = shows && character != ' ' ? PRINTABLE_MARKS_MAX : 0; /* lines may be broken at spaces */
    return shows;
}

unsigned printable_columns(uint32_t character)
{
    int columns = character < 0x80 ? 1 : wcwidth((wchar_t)character);

    return columns > 0 ? (unsigned)columns : 0;
}

/* Above U+FFFF JSON uses a surrogate pair. */
static void print_escaped(FILE *out, uint32_t character)
{
    if (character < 0x10000)
        fprintf(out, "\\u%04x", (unsigned)character);
    else
        fprintf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((character - 0x10000) >> 10)),
                (unsigned)(0xdc00 + (character & 0x3ff)));
}

void printable_json(FILE *out, const char *json, size_t size)
{
    unsigned marks_left = 0;

    for (size_t i = 0; i < size;) {
        uint32_t character;
        size_t length = printable_read(json + i, size - i, &character);

        if (printable_shows(character, &marks_left))
            fwrite(json + i, 1, length, out);
        else if (character < 0x20)
            fputc(' ', out); /* between members; in strings JSON escapes them */
        else
            print_escaped(out, character);
        i += length;
    }
}
