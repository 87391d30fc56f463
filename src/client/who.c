/* SPDX-License-Identifier: MIT */
#include "client/who.h"

#include "client/safe_text.h"

#include <stdio.h>
#include <string.h>

static bool name_by_pattern(char who[WHO_MAX], const struct pattern *pattern, const char *answer,
                            size_t length)
{
    struct pattern_match match;

    return pattern_find(pattern, answer, length, &match) &&
           safe_text_line(who, WHO_MAX, WHO_MAX, match.bytes, match.count) > 0;
}

static bool is_set(const char *text)
{
    return text && *text;
}

static bool name_by_fields(char who[WHO_MAX], const struct answer_fields *fields)
{
    bool instance = is_set(fields->instance), host = is_set(fields->hostname);
    char name[2 * WHO_MAX * 4];

    if (instance && host && strcmp(fields->instance, fields->hostname) == 0)
        instance = false;
    snprintf(name, sizeof(name), "%s%s%s", instance ? fields->instance : "", instance && host ? "@" : "",
             host ? fields->hostname : "");
    return safe_text_line(who, WHO_MAX, WHO_MAX, name, strlen(name)) > 0;
}

bool who_name(char who[WHO_MAX], const struct pattern *pattern, const struct answer_fields *fields,
              const char *answer, size_t length)
{
    who[0] = '\0';
    return pattern ? name_by_pattern(who, pattern, answer, length) : name_by_fields(who, fields);
}
