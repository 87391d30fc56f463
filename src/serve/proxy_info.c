/* SPDX-License-Identifier: MIT */
#include "serve/proxy_info.h"

#include <stdlib.h>
#include <string.h>

/* Allocated in the size needed, since a header can be long and there can be many clients. */
struct proxy_info {
    struct peer_address asked;
    uint16_t authority, unique_id; /* their lengths, in this order */
    char text[];
};

_Static_assert(PROXY_HEADER_MAX <= UINT16_MAX, "lengths fit into uint16_t");

static size_t copy(char *to, const struct proxy_text *text)
{
    if (text->length)
        memcpy(to, text->bytes, text->length);
    return text->length;
}

struct proxy_info *proxy_info_keep(const struct proxy_header *header)
{
    struct proxy_info *info = malloc(sizeof(*info) + header->authority.length + header->unique_id.length);

    if (!info)
        return NULL;
    info->asked = header->server;
    info->authority = (uint16_t)copy(info->text, &header->authority);
    info->unique_id = (uint16_t)copy(info->text + info->authority, &header->unique_id);
    return info;
}

void proxy_info_show(const struct proxy_info *info, struct seen *seen)
{
    seen->asked = info->asked;
    seen->authority = (struct proxy_text){info->text, info->authority};
    seen->unique_id = (struct proxy_text){info->text + info->authority, info->unique_id};
}
