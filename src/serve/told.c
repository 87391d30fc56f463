/* SPDX-License-Identifier: MIT */
#include "serve/told.h"

#include <stdlib.h>
#include <string.h>

/* As much as the header says: it may be long, and there may be many clients. */
struct told {
    struct peer_address asked;
    uint16_t authority, unique_id; /* their lengths, in this order */
    char text[];
};

_Static_assert(PROXY_HEADER_MAX <= UINT16_MAX, "a length of what is in one");

static size_t copy(char *to, const struct proxy_text *text)
{
    if (text->length)
        memcpy(to, text->bytes, text->length);
    return text->length;
}

struct told *told_keep(const struct proxy_header *header)
{
    struct told *told = malloc(sizeof(*told) + header->authority.length + header->unique_id.length);

    if (!told)
        return NULL;
    told->asked = header->server;
    told->authority = (uint16_t)copy(told->text, &header->authority);
    told->unique_id = (uint16_t)copy(told->text + told->authority, &header->unique_id);
    return told;
}

void told_show(const struct told *told, struct seen *seen)
{
    seen->asked = told->asked;
    seen->authority = (struct proxy_text){told->text, told->authority};
    seen->unique_id = (struct proxy_text){told->text + told->authority, told->unique_id};
}
