/* SPDX-License-Identifier: MIT */
#include "client/report/json_value.h"

#include "base/printable.h"
#include "base/util.h"
#include "client/report/stamp.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

json_t *json_value_bytes(const char *bytes, size_t count)
{
    char *text = bytes ? malloc(count * strlen(REPLACEMENT) + 1) : NULL, *end = text;
    json_t *value;

    if (!bytes)
        return json_null();
    if (!text)
        return NULL;
    for (size_t i = 0; i < count;) {
        uint32_t character;
        size_t length = printable_read(bytes + i, count - i, &character);

        if (character == PRINTABLE_INVALID)
            end = mempcpy(end, REPLACEMENT, strlen(REPLACEMENT));
        else
            end = mempcpy(end, bytes + i, length);
        i += length;
    }
    value = json_stringn_nocheck(text, (size_t)(end - text));
    free(text);
    return value;
}

json_t *json_value_text(const char *text)
{
    return json_value_bytes(text, text ? strlen(text) : 0);
}

json_t *json_value_ms(int64_t ns)
{
    return ns < 0 ? json_null() : json_real((double)ns / (double)NS_PER_MS);
}

json_t *json_value_timestamp(int64_t ns)
{
    char text[STAMP_MAX];

    return ns < 0 ? json_null() : json_string(stamp_text(text, ns));
}

/* The address of an unnamed socket has length 0. */
static bool is_known(const struct address *address)
{
    return address && address->length > 0;
}

json_t *json_value_host(const struct address *address)
{
    char host[ADDRESS_TEXT_MAX];

    if (!is_known(address))
        return json_null();
    address_host(address, host, sizeof(host));
    return json_value_text(host);
}

json_t *json_value_endpoint(const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];

    if (!is_known(address))
        return json_null();
    address_text(address, text, sizeof(text));
    return json_value_text(text);
}

json_t *json_value_family(const struct address *address)
{
    if (!is_known(address))
        return json_null();
    if (address->sa.sa_family == AF_UNIX)
        return json_string("unix");
    return json_string(address_is_ipv4(address) ? "ipv4" : "ipv6");
}

json_t *json_value_port(const struct address *address)
{
    if (!is_known(address) || address->sa.sa_family == AF_UNIX)
        return json_null();
    return json_integer(address_port(address));
}
