/* SPDX-License-Identifier: MIT */
#include "client/pattern.h"

#include "base/ascii.h"
#include "client/safe_text.h"

#include <string.h>

int pattern_compile(struct pattern *pattern, const char *text, struct message *error)
{
    int code = regcomp(&pattern->regex, text, REG_EXTENDED | REG_NEWLINE);
    char why[128];

    if (code == 0)
        return 0;
    regerror(code, &pattern->regex, why, sizeof(why));
    why[0] = ascii_lower(why[0]);
    return message_set(error, "'%s' is not a regular expression: %s", text, why);
}

bool pattern_find(const struct pattern *pattern, const char *bytes, size_t count, struct pattern_match *match)
{
    size_t trimmed = safe_text_trimmed(bytes, count);
    size_t searched = trimmed < PATTERN_SEARCHED_MAX ? trimmed : PATTERN_SEARCHED_MAX;
    regmatch_t found[2] = {{.rm_so = 0, .rm_eo = (regoff_t)searched}};
    const regmatch_t *chosen = &found[1];
    char text[PATTERN_SEARCHED_MAX + 1]; /* with the NUL that POSIX requires */

    if (searched > 0)
        memcpy(text, bytes, searched);
    text[searched] = '\0';
    if (regexec(&pattern->regex, text, 2, found, REG_STARTEND) != 0)
        return false;
    if (chosen->rm_so < 0)
        chosen = &found[0];
    if (match)
        *match = (struct pattern_match){.bytes = bytes + chosen->rm_so,
                                        .count = (size_t)(chosen->rm_eo - chosen->rm_so)};
    return true;
}

void pattern_free(struct pattern *pattern)
{
    regfree(&pattern->regex);
}
