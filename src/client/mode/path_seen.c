/* SPDX-License-Identifier: MIT */
#include "client/mode/path_seen.h"

#include "base/escape.h"
#include "base/util.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#define SYN_LETTERS  "NMWSTF?"
#define RTT_MAX_MS   3600000.0
#define INSTANCE_MAX ((PATH_SEEN_NAME - 1) / 4) /* each byte may become \xHH */

static int number_of(const json_t *object, const char *name, int max)
{
    const json_t *member = json_object_get(object, name);
    json_int_t value = json_integer_value(member);

    return json_is_integer(member) && value >= 0 && value <= max ? (int)value : -1;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* Reads a host without its interface, which has another name on another machine. */
static bool set_host(struct address *address, const char *host)
{
    char bare[INET6_ADDRSTRLEN] = "";
    size_t length = strcspn(host, "%");

    *address = (struct address){0};
    if (length >= sizeof(bare))
        return false;
    memcpy(bare, host, length);
    if (inet_pton(AF_INET, bare, &address->in.sin_addr) == 1) {
        address->in.sin_family = AF_INET;
        address->length = sizeof(address->in);
    } else if (inet_pton(AF_INET6, bare, &address->in6.sin6_addr) == 1) {
        address->in6.sin6_family = AF_INET6;
        address->length = sizeof(address->in6);
        address_unmap(address);
    }
    return address->length > 0;
}

static void set_endpoint(struct address *address, const json_t *object, const char *host, const char *port)
{
    int number = number_of(object, port, UINT16_MAX);

    if (number < 0 || !set_host(address, text_of(object, host)))
        *address = (struct address){0};
    else
        address_set_port(address, (unsigned)number);
}

static int index_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    return -1;
}

static void set_options(struct path_seen *seen, const char *letters)
{
    size_t length = strspn(letters, SYN_LETTERS);

    seen->has_options = length > 0 && letters[length] == '\0' && length < sizeof(seen->options);
    if (seen->has_options)
        memcpy(seen->options, letters, length + 1);
}

static double rtt_of(const json_t *object)
{
    const json_t *member = json_object_get(object, "rtt");
    double rtt = json_is_number(member) ? json_number_value(member) : -1;

    return isfinite(rtt) && rtt >= 0 && rtt <= RTT_MAX_MS ? rtt : -1;
}

static void set_instance(struct path_seen *seen, const char *name)
{
    escape_bytes(seen->instance, sizeof(seen->instance), name, strnlen(name, INSTANCE_MAX));
}

static void read_members(struct path_seen *seen, const json_t *object)
{
    static const char *const answers[] = {"no", "yes"};
    static const char *const marks[] = {"none", "ect1", "ect0", "ce", "asked"}; /* enum path_ecn */

    set_instance(seen, text_of(object, "instance"));
    set_endpoint(&seen->client, object, "client_address", "client_port");
    set_endpoint(&seen->server, object, "server_address", "server_port");
    set_host(&seen->proxy, text_of(object, "proxy_address"));
    seen->proxied = index_of(text_of(object, "proxied"), answers, ARRAY_SIZE(answers));
    seen->ttl = number_of(object, "ttl", UINT8_MAX);
    seen->dscp = number_of(object, "dscp", 63);
    seen->ecn = index_of(text_of(object, "ecn"), marks, ARRAY_SIZE(marks));
    seen->mss = number_of(object, "mss", UINT16_MAX);
    seen->path_mtu = number_of(object, "path_mtu", 1 << 24);
    seen->rtt_ms = rtt_of(object);
    set_options(seen, text_of(object, "syn_options"));
}

static enum path_says judge(const json_t *root, const char *greeting, const json_error_t *error)
{
    json_int_t schema = json_integer_value(json_object_get(root, "schema"));
    bool ended = json_error_code(error) == json_error_premature_end_of_input;

    if (!root)
        return ended && greeting[0] == '{' ? PATH_SAYS_CUT : PATH_SAYS_NOTHING;
    if (!json_is_object(root) || schema < 1 || !json_is_string(json_object_get(root, "greeting")))
        return PATH_SAYS_OTHER;
    return schema == PATH_SEEN_SCHEMA ? PATH_SAYS_ENOUGH : PATH_SAYS_LATER;
}

void path_seen_parse(struct path_seen *seen, const char *greeting, size_t length)
{
    json_error_t error = {0};
    json_t *root = length > 0 ? json_loadb(greeting, length, JSON_REJECT_DUPLICATES, &error) : NULL;

    *seen = (struct path_seen){
        .proxied = -1, .ttl = -1, .dscp = -1, .ecn = -1, .mss = -1, .path_mtu = -1, .rtt_ms = -1};
    seen->says = judge(root, length > 0 ? greeting : "", &error);
    if (seen->says == PATH_SAYS_ENOUGH)
        read_members(seen, root);
    if (seen->says == PATH_SAYS_ENOUGH && seen->client.length == 0)
        seen->says = PATH_SAYS_OTHER;
    json_decref(root);
}
