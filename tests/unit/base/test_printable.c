/* SPDX-License-Identifier: MIT */
#include "base/printable.h"

#include <criterion/criterion.h>
#include <locale.h>

static bool shows(uint32_t character)
{
    unsigned marks_left = 0;

    return printable_shows(character, &marks_left);
}

/* How many characters of a text are shown. */
static unsigned count_shown(const char *text)
{
    unsigned marks_left = 0, shown = 0;

    while (*text) {
        uint32_t character;

        text += printable_read(text, PRINTABLE_BYTES_MAX, &character);
        shown += printable_shows(character, &marks_left);
    }
    return shown;
}

static void use_utf_8(void)
{
    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
}

static void expect_read(const char *bytes, size_t count, size_t length, uint32_t expected)
{
    uint32_t character;

    cr_assert_eq(printable_read(bytes, count, &character), length);
    cr_assert_eq(character, expected);
}

Test(printable, utf_8_is_read)
{
    expect_read("a", 1, 1, 'a');
    expect_read("", 1, 1, 0);
    expect_read("\xc3\xb6", 2, 2, 0xf6);
    expect_read("\xe6\xbc\xa2", 3, 3, 0x6f22);
    expect_read("\xf0\x9f\x98\x80", 4, 4, 0x1f600);
    expect_read("\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff);
}

Test(printable, what_is_not_utf_8_is_a_byte)
{
    static const char *const texts[] = {"\x80",        "\xff",         "\xc0\xaf",     "\xc3",
                                        "\xc3z",       "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                        "\xf0\x9f\x98"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_read(texts[i], PRINTABLE_BYTES_MAX, 1, PRINTABLE_INVALID);
    expect_read("\xe6\xbc\xa2", 2, 1, PRINTABLE_INVALID); /* the last byte is beyond the count */
}

Test(printable, letters_and_signs_are_shown_in_utf_8)
{
    static const uint32_t shown[] = {' ',   '~',    0xa0,   0xf6,   0x5d0,  0x628,
                                     0x915, 0x2026, 0x3000, 0x6f22, 0x1f600};

    use_utf_8();
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
        cr_assert(shows(shown[i]), "U+%04X", (unsigned)shown[i]);
}

Test(printable, what_nobody_sees_is_not_shown)
{
    static const uint32_t ranges[][2] = {
        {0, 0x1f},          {0x7f, 0x9f},       {0xad, 0xad},         {0x34f, 0x34f},
        {0x61c, 0x61c},     {0x180e, 0x180e},   {0x200b, 0x200f},     {0x2028, 0x202e},
        {0x2060, 0x206f},   {0x3164, 0x3164},   {0xd800, 0xdfff},     {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0xfffe, 0xffff},     {0x1d173, 0x1d17a},
        {0xe0000, 0xe007f}, {0xe0100, 0xe01ef}, {0x110000, 0x110010}, {PRINTABLE_INVALID, PRINTABLE_INVALID},
    };

    use_utf_8();
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        for (uint64_t c = ranges[i][0]; c <= ranges[i][1]; c++)
            cr_assert_not(shows((uint32_t)c), "U+%04X", (unsigned)c);
}

Test(printable, without_utf_8_only_ascii_is_shown)
{
    setlocale(LC_CTYPE, "C");
    for (uint32_t c = 0; c < 0x3000; c++)
        cr_assert_eq(shows(c), c >= 0x20 && c < 0x7f, "U+%04X", (unsigned)c);
}

Test(printable, marks_need_a_character_and_are_few)
{
    use_utf_8();
    cr_assert_eq(count_shown("o\xcc\x88"), 2);
    cr_assert_eq(count_shown("\xcc\x88o"), 1);
    cr_assert_eq(count_shown(" \xcc\x88"), 1);
    cr_assert_eq(count_shown("o\n\xcc\x88"), 1);
    cr_assert_eq(count_shown("o\xcc\x88\xcc\x88\xcc\x88\xcc\x88\xcc\x88\xcc\x88\xcc\x88"),
                 1 + PRINTABLE_MARKS_MAX);
    cr_assert_eq(count_shown("o\xcc\x88\xcc\x88\xcc\x88\xcc\x88\xcc\x88o\xcc\x88"),
                 1 + PRINTABLE_MARKS_MAX + 2);
    cr_assert_eq(count_shown("o\xff\xcc\x88"), 1);
}

Test(printable, columns)
{
    use_utf_8();
    cr_assert_eq(printable_columns('a'), 1);
    cr_assert_eq(printable_columns(0xf6), 1);
    cr_assert_eq(printable_columns(0x6f22), 2);
    cr_assert_eq(printable_columns(0x308), 0);
}
