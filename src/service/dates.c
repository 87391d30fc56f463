/* SPDX-License-Identifier: MIT */
#include "service/dates.h"

#include "base/escape.h"
#include "service/variables.h"

#include <string.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* which dates_check() has checked */
size_t dates_write(char *text, size_t size, const char *format, const struct tm *tm)
{
    return strftime(text, size, format, tm);
}
#pragma GCC diagnostic pop

bool dates_is_exact(const char *argument)
{
    return argument && strcmp(argument, "ms") == 0;
}

/* strftime(3) copies conversions that it does not know unchanged. Returns the length of the first one, and
 * where it begins; 0 if there is none. */
static size_t find_unknown(const char *format, const char **unknown)
{
    for (const char *at = strchr(format, '%'); at; at = strchr(at, '%')) {
        const char *conversion = at + 1 + strspn(at + 1, "_-0^#");

        *unknown = at;
        if (!*conversion)
            return (size_t)(conversion - at);
        at = conversion + 1;
        if (!strchr("aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%", *conversion))
            return (size_t)(at - *unknown);
    }
    return 0;
}

/* September and Wednesday have the longest names. */
static bool is_too_long(const char *format)
{
    struct tm longest = {
        .tm_year = 200, .tm_mon = 8, .tm_mday = 24, .tm_hour = 22, .tm_wday = 3, .tm_yday = 266};
    char text[VARIABLES_FORMAT + 1];

    return dates_write(text, sizeof(text), format, &longest) == 0;
}

int dates_check(const char *argument, struct message *error)
{
    const char *unknown;
    size_t unknown_length = find_unknown(argument, &unknown);
    char shown[48], conversion[24];

    if (dates_is_exact(argument))
        return 0;
    escape_bytes(shown, sizeof(shown), argument, strlen(argument));
    if (!strchr(argument, '%'))
        return message_set(error,
                           "${time:%s} contains no conversion with %%; allowed: ${time:ms}, and formats "
                           "of strftime(3), such as ${time:%%H:%%M}",
                           shown);
    if (unknown_length > 0) {
        escape_bytes(conversion, sizeof(conversion), unknown, unknown_length);
        return message_set(error, "${time:%s}: %s is unknown; allowed: the conversions of strftime(3)", shown,
                           conversion);
    }
    if (is_too_long(argument))
        return message_set(error, "${time:%s} is too long; allowed: %d bytes of text", shown,
                           VARIABLES_FORMAT);
    return 0;
}
