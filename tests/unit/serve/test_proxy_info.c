/* SPDX-License-Identifier: MIT */
#include "serve/proxy_info.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static bool is(const struct proxy_text *text, const char *expected)
{
    return text->length == strlen(expected) && memcmp(text->bytes, expected, text->length) == 0;
}

/* The header is gone when the client is greeted. */
Test(proxy_info, keeps_what_a_header_says)
{
    char bytes[] = "www.example7F000001";
    struct proxy_header header = {.server = {.family = AF_INET, .port = 443, .ip = {198, 51, 100, 1}},
                                  .authority = {bytes, 11},
                                  .unique_id = {bytes + 11, 8}};
    struct proxy_info *info = proxy_info_keep(&header);
    struct seen seen = {0};

    memset(bytes, 'x', sizeof(bytes));
    memset(&header, 0, sizeof(header));
    proxy_info_show(info, &seen);
    cr_assert_eq(seen.asked.port, 443);
    cr_assert(is(&seen.authority, "www.example"));
    cr_assert(is(&seen.unique_id, "7F000001"));
    free(info);
}

Test(proxy_info, a_header_may_say_less)
{
    const struct proxy_header header = {.unique_id = {"1", 1}};
    struct proxy_info *info = proxy_info_keep(&header);
    struct seen seen = {0};

    proxy_info_show(info, &seen);
    cr_assert_eq(seen.authority.length, 0);
    cr_assert(is(&seen.unique_id, "1"));
    free(info);
}
