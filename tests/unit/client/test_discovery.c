/* SPDX-License-Identifier: MIT */
#include "client/report/discovery.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static struct greeter greeter(const char *address, size_t server, const char *name)
{
    struct greeter made = {.ns = 412345, .server = server};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(2000)};

    cr_assert(inet_pton(AF_INET, address, &in.sin_addr) == 1);
    address_set(&made.address, (struct sockaddr *)&in, sizeof(in));
    strncpy(made.identity.name, name, IDENTITY_TEXT_MAX);
    return made;
}

static void print_json(FILE *out, const struct greeters *greeters)
{
    cr_expect(discovery_print_json(out, greeters, INT64_C(1000000000000001000)));
}

static void assert_printed(void (*print)(FILE *, const struct greeters *), const struct greeters *greeters,
                           const char *expected)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    cr_assert(out);
    print(out, greeters);
    fclose(out);
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(discovery, table)
{
    struct greeter list[] = {greeter("10.0.0.1", 0, "web-1"), greeter("10.0.0.22", 0, "web-1"),
                             greeter("10.0.0.3", 2, "a\x1b")};
    const struct greeters greeters = {.list = list, .count = 3, .servers = 2};

    strcpy(list[0].identity.version, "1.0.0");
    strcpy(list[0].identity.instance, "b");
    assert_printed(discovery_print_table, &greeters,
                   "ADDRESS    NAME       VERSION  TIME\n"
                   "10.0.0.1   web-1 (b)  1.0.0    0.41 ms\n"
                   "10.0.0.22                      0.41 ms\n"
                   "10.0.0.3   a\\x1b      -        0.41 ms\n"
                   "\n2 servers answered.\n");
}

Test(discovery, long_names_are_cut)
{
    struct greeter list[] = {greeter("10.0.0.1", 0, "0123456789012345678901234567890123456789")};
    const struct greeters greeters = {.list = list, .count = 1, .servers = 1};

    memset(list[0].identity.version, '\x1b', IDENTITY_TEXT_MAX);
    assert_printed(discovery_print_table, &greeters,
                   "ADDRESS   NAME                              VERSION      TIME\n"
                   "10.0.0.1  01234567890123456789012345678...  \\x1b\\x1b...  0.41 ms\n"
                   "\n1 server answered.\n");
}

/* Widths are columns of the terminal, not bytes. */
Test(discovery, letters_of_other_alphabets)
{
    struct greeter list[] = {greeter("10.0.0.1", 0, "b\xc3\xbcro-1"), greeter("10.0.0.2", 1, "web-22")};
    const struct greeters greeters = {.list = list, .count = 2, .servers = 2};

    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
    assert_printed(discovery_print_table, &greeters,
                   "ADDRESS   NAME    VERSION  TIME\n"
                   "10.0.0.1  b\xc3\xbcro-1  -        0.41 ms\n"
                   "10.0.0.2  web-22  -        0.41 ms\n"
                   "\n2 servers answered.\n");
    setlocale(LC_CTYPE, "C");
}

#define BEGIN "{\"schema\":1,\"event\":"
#define TIME  "\"timestamp\":\"2001-09-09T01:46:40.000001Z\","

Test(discovery, json)
{
    struct greeter list[] = {greeter("10.0.0.1", 0, "b\xc3\xbcro"), greeter("10.0.0.2", 0, "b\xc3\xbcro"),
                             greeter("10.0.0.3", 2, "\xff\x9b")};
    const struct greeters greeters = {.list = list, .count = 3, .servers = 2, .more = true};

    strcpy(list[0].identity.instance, "\x7f");
    strcpy(list[0].identity.version, "1.0.0");
    assert_printed(
        print_json, &greeters,
        BEGIN "\"greeter\"," TIME
              "\"name\":\"b\\u00fcro\",\"instance\":\"\\u007f\",\"version\":\"1.0.0\",\"addresses\":"
              "[{\"address\":\"10.0.0.1\",\"port\":2000,\"interface\":null,\"time_ms\":0.412345},"
              "{\"address\":\"10.0.0.2\",\"port\":2000,\"interface\":null,\"time_ms\":0.412345}]}\n" BEGIN
              "\"greeter\"," TIME
              "\"name\":\"\\ufffd\\ufffd\",\"instance\":null,\"version\":null,\"addresses\":"
              "[{\"address\":\"10.0.0.3\",\"port\":2000,\"interface\":null,\"time_ms\":0.412345}]}\n" BEGIN
              "\"discovered\"," TIME "\"greeters\":2,\"addresses\":3,\"complete\":false}\n");
}

Test(discovery, json_of_nobody)
{
    const struct greeters greeters = {0};

    assert_printed(print_json, &greeters,
                   BEGIN "\"discovered\"," TIME "\"greeters\":0,\"addresses\":0,\"complete\":true}\n");
}
