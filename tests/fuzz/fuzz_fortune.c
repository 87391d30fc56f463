/* SPDX-License-Identifier: MIT */
/* The text of a file of quotes, which is the input: each quote that is found can be told over RFC 865 as it
 * is, and is found again in a file that is made of all. */
#include "conf/conf_fortune.h"
#include "room.h"

static void check_errors(const struct template_errors *errors)
{
    FUZZ_CHECK(errors->count > 0 && errors->count <= TEMPLATE_ERRORS_MAX);
    for (size_t i = 0; i < errors->count; i++)
        FUZZ_CHECK(*errors->list[i].text && fuzz_is_plain(errors->list[i].text));
}

static void check_quote(const struct quote *quote)
{
    FUZZ_CHECK(quote->length > 0 && quote->length <= QUOTES_MAX);
    for (size_t i = 0; i < quote->length; i++) {
        char c = quote->text[i];

        if (c == '\r')
            FUZZ_CHECK(i + 1 < quote->length && quote->text[i + 1] == '\n');
        else if (c == '\n')
            FUZZ_CHECK(i > 0 && quote->text[i - 1] == '\r');
        else
            FUZZ_CHECK(c >= ' ' && c <= '~');
    }
}

/* A line that is "%" only when it is struck over, or with spaces behind it, would be a mark when read again.
 */
static bool has_mark(const struct conf_fortune *found)
{
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->list[i].text, "%") == 0 || strncmp(found->list[i].text, "%\r", 2) == 0 ||
            strstr(found->list[i].text, "\n%"))
            return true;
    return false;
}

/* The caller frees it. */
static char *join(const struct conf_fortune *found, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);

    FUZZ_CHECK(out);
    for (size_t i = 0; i < found->count; i++)
        fprintf(out, "%s\n%%\n", found->list[i].text);
    FUZZ_CHECK(fclose(out) == 0);
    return text;
}

static void check_again(struct arena *arena, const struct conf_fortune *found)
{
    struct template_errors errors;
    struct conf_fortune again = {0};
    size_t length;
    char *text = join(found, &length);

    FUZZ_CHECK(conf_fortune_parse(arena, "/again", text, length, &again, &errors) == 0);
    FUZZ_CHECK(again.count == found->count);
    for (size_t i = 0; i < found->count; i++)
        FUZZ_CHECK(strcmp(found->list[i].text, again.list[i].text) == 0);
    free(again.list);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct template_errors errors;
    struct conf_fortune found = {0};
    struct arena arena = room_open();

    if (conf_fortune_parse(&arena, "/q", (const char *)data, size, &found, &errors) < 0) {
        check_errors(&errors);
    } else {
        FUZZ_CHECK(found.count > 0);
        for (size_t i = 0; i < found.count; i++)
            check_quote(&found.list[i]);
        if (!has_mark(&found))
            check_again(&arena, &found);
    }
    free(found.list);
    room_close(&arena);
    return 0;
}
