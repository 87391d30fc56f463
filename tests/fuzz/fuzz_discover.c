/* SPDX-License-Identifier: MIT */
/* What the client makes of answers to a broadcast: each is a byte of its address, two of its length, and the
 * greeting. Whatever servers answer, the printed text is plain ASCII, the JSON is valid, and the counts are
 * right. */
#include "client/report/discovery.h"
#include "fuzz.h"

#include <jansson.h>

static void add(struct greeters *greeters, struct input *input)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct greeter greeter = {.ns = 1};
    uint8_t host = (uint8_t)input_number(input, 1);
    size_t length = (size_t)input_number(input, 2);

    length = length < input->left ? length : input->left;
    in6.sin6_addr.s6_addr[14] = host;
    in.sin_addr.s_addr = htonl(0x0a000000u + host);
    if (host % 2)
        address_set(&greeter.address, (struct sockaddr *)&in6, sizeof(in6));
    else
        address_set(&greeter.address, (struct sockaddr *)&in, sizeof(in));
    identity_read(&greeter.identity, (const char *)input->at, length);
    FUZZ_CHECK(greeters_add(greeters, &greeter));
    input->at += length;
    input->left -= length;
}

static void print_json(FILE *out, const struct greeters *greeters)
{
    FUZZ_CHECK(discovery_print_json(out, greeters, 0));
}

static char *printed(void (*print)(FILE *, const struct greeters *), const struct greeters *greeters)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    FUZZ_CHECK(out);
    print(out, greeters);
    fclose(out);
    FUZZ_CHECK(strlen(text) == length);
    for (size_t i = 0; i < length; i++)
        FUZZ_CHECK(text[i] == '\n' || (text[i] >= ' ' && text[i] < 0x7f));
    return text;
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void check_json(const struct greeters *greeters, char *text)
{
    size_t lines = 0, addresses = 0;

    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *event = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

        FUZZ_CHECK(event && json_integer_value(json_object_get(event, "schema")) == 1);
        addresses += json_array_size(json_object_get(event, "addresses"));
        json_decref(event);
        lines++;
    }
    FUZZ_CHECK(lines == greeters->servers + 1 && addresses == greeters->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct greeters greeters = {0};
    char *text;

    while (input.left > 0)
        add(&greeters, &input);
    greeters_sort(&greeters);
    FUZZ_CHECK(greeters.servers <= greeters.count);
    text = printed(discovery_print_table, &greeters);
    FUZZ_CHECK(lines_of(text) == greeters.count + 3);
    free(text);
    text = printed(print_json, &greeters);
    check_json(&greeters, text);
    free(text);
    greeters_free(&greeters);
    return 0;
}
