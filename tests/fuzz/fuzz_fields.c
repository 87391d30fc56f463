/* SPDX-License-Identifier: MIT */
/* An answer as the client shows and counts it. The first two bytes are the columns and the size that there
 * are for it; then comes what is expected, up to a NUL; the rest is the answer. Whatever it is, text comes to
 * the terminal and to programs, and it fits. */
#include "base/printable.h"
#include "client/expect.h"
#include "client/report/json.h"
#include "client/safe_text.h"
#include "client/who.h"
#include "fuzz.h"

#include <locale.h>

#define LINE_MAX       256
#define EXPECTED_MAX   32
#define SIZE_MAX_TRIED 32768

/* Returns the columns that it takes. */
static size_t check_text(const char *text, const char *kept)
{
    unsigned marks_left = 0;
    size_t columns = 0;

    while (*text) {
        uint32_t character;
        size_t length = printable_read(text, PRINTABLE_BYTES_MAX, &character);
        bool shows = printable_shows(character, &marks_left);

        FUZZ_CHECK(shows || strchr(kept, *text) || (kept[0] && strncmp(text, "\r\n", 2) == 0));
        columns += shows ? printable_columns(character) : 0;
        text += length;
    }
    return columns;
}

static void check_line(size_t size, size_t columns, const char *answer, size_t length)
{
    char line[LINE_MAX + 1];
    size_t used = safe_text_line(line, size, columns, answer, length);

    FUZZ_CHECK(size > 0 ? used < size && strlen(line) == used : used == 0);
    if (size > 0)
        FUZZ_CHECK(check_text(line, "") <= columns);
}

static void check_lines(const char *answer, size_t length)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    FUZZ_CHECK(out);
    safe_text_print(out, answer, length);
    FUZZ_CHECK(fclose(out) == 0 && strlen(text) == size);
    FUZZ_CHECK(length == 0 ? size == 0 : text[size - 1] == '\n');
    check_text(text, "\n\t");
    free(text);
}

static void check_expect(const char *expected, const char *answer, size_t length)
{
    struct expect expect;
    struct message why = {""};

    if (expected[0] == '/' || expect_parse(&expect, expected, &why) < 0)
        return; /* whose pattern it is may wait for it */
    if (expect_met(&expect, answer, length, &why))
        FUZZ_CHECK(memmem(answer, length, expected, strlen(expected)));
    else
        check_text(why.text, "");
    expect_free(&expect);
}

static void check_event(const char *who, const char *answer, size_t length)
{
    struct report_json_answer event = {
        .request = {.target = "x"}, .greeting = answer, .length = length, .who = who};
    json_t *read_again;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    FUZZ_CHECK(out && report_json_print(out, report_json_answer(&event, 0)));
    FUZZ_CHECK(fclose(out) == 0 && strchr(text, '\n') == text + size - 1);
    check_text(text, "\n");
    read_again = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    FUZZ_CHECK(json_string_length(json_object_get(read_again, "greeting")) >= length);
    json_decref(read_again);
    free(text);
}

static void check_fields(const char *answer, size_t length)
{
    struct answer_fields fields;
    char who[WHO_MAX];
    bool known;

    answer_fields_read(&fields, answer, length);
    known = who_name(who, NULL, &fields, answer, length);
    FUZZ_CHECK(known == (who[0] != '\0') && strlen(who) < WHO_MAX);
    check_text(who, "");
    check_event(who, answer, length);
    answer_fields_free(&fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    size_t columns = input_number(&input, 1), room = input_number(&input, 1);
    char *expected, *answer;
    size_t length;

    if (size > SIZE_MAX_TRIED)
        return 0;
    setlocale(LC_ALL, "C.UTF-8");
    expected = input_text(&input, EXPECTED_MAX);
    length = input.left;
    answer = malloc(length + !length); /* has no byte to spare */
    FUZZ_CHECK(answer);
    input_bytes(&input, answer, length);
    check_line(room, columns, answer, length);
    check_lines(answer, length);
    check_expect(expected, answer, length);
    check_fields(answer, length);
    free(expected);
    free(answer);
    return 0;
}
