/* SPDX-License-Identifier: MIT */
#include "conf/conf_access.h"

#include "conf/conf_build.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;
static struct conf_report report;

static const struct conf *build(const char *text)
{
    char path[] = "/tmp/test_conf_access.XXXXXX";
    const struct conf_source source = {.path = path, .path_given = true};
    int fd = mkstemp(path);
    const struct conf *conf;

    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    cr_assert_eq(arena_open(&arena, CONF_ARENA_SIZE), 0);
    conf = conf_build(&arena, &source, &report);
    unlink(path);
    return conf;
}

static const struct conf *built(const char *text)
{
    const struct conf *conf = build(text);

    cr_assert(conf, "%s", report.text);
    return conf;
}

static const struct conf_listener *listener(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->listener_count; i++)
        if (strcmp(conf->listeners[i].name, name) == 0)
            return &conf->listeners[i];
    cr_assert_fail("%s", name);
    return NULL;
}

static bool admits(const struct conf_listener *listener, const char *host)
{
    struct peer_address client = {0};
    struct message error;
    struct prefix prefix;

    cr_assert_eq(prefix_parse(host, &prefix, &error), 0);
    client.family = prefix.family;
    memcpy(client.ip, prefix.ip, sizeof(client.ip));
    return !listener->access.prefixes || prefixes_admit(listener->access.prefixes, &client);
}

Test(conf_access, nothing_is_compiled_from_nothing)
{
    const struct conf *conf =
        built("networks = { office = \"192.0.2.0/24\"; };\n"
              "access = { allow = []; };\n"
              "listeners = { a = { type = \"tcp\"; }; b = { type = \"udp\"; deny = []; }; };\n");

    cr_assert_null(conf->access.prefixes);
    cr_assert_null(listener(conf, "a")->access.prefixes);
    cr_assert_null(listener(conf, "b")->access.prefixes);
    conf_free(conf);
}

Test(conf_access, a_listener_has_its_own_lists_or_those_of_the_service)
{
    const struct conf *conf =
        built("networks = { office = [\"192.0.2.0/24\", \"2001:db8::/32\"]; };\n"
              "access = { allow = [\"office\"]; deny = [\"192.0.2.99\"]; on_refuse = \"reset\"; };\n"
              "listeners = {\n"
              "  plain = { type = \"tcp\"; };\n"
              "  own = { type = \"udp\"; deny = \"203.0.113.0/24\"; };\n"
              "  open = { type = \"tcp\"; port = 1; allow = []; on_refuse = \"close\"; };\n"
              "  local = { type = \"unix\"; path = \"/tmp/x\"; };\n"
              "};\n");
    const struct conf_listener *plain = listener(conf, "plain"), *own = listener(conf, "own");

    cr_assert(admits(plain, "192.0.2.1") && admits(plain, "2001:db8::1"));
    cr_assert(!admits(plain, "192.0.2.99") && !admits(plain, "198.51.100.1"));
    cr_assert(admits(own, "192.0.2.99") && admits(own, "198.51.100.1") && !admits(own, "203.0.113.1"));
    cr_assert_null(listener(conf, "open")->access.prefixes);
    cr_assert_null(listener(conf, "local")->access.prefixes);
    cr_assert_eq(plain->on_refuse, CONF_REFUSE_RESET);
    cr_assert_eq(listener(conf, "open")->on_refuse, CONF_REFUSE_CLOSE);
    conf_free(conf);
}

/* A thousand listeners that name the same ten thousand networks must fit into memory. */
Test(conf_access, the_same_lists_are_compiled_once)
{
    const struct conf *conf =
        built("networks = { office = [\"192.0.2.0/24\"]; };\n"
              "access = { deny = \"office\"; };\n"
              "listeners = {\n"
              "  a = { type = \"tcp\"; allow = [\"office\"]; };\n"
              "  b = { type = \"udp\"; allow = \"office\"; };\n"
              "  c = { type = \"tcp\"; port = 1; deny = \"office\"; allow = []; };\n"
              "  d = { type = \"tcp\"; port = 2; deny = [\"office\", \"10.0.0.0/8\"]; };\n"
              "};\n");
    const struct prefixes *a = listener(conf, "a")->access.prefixes;

    cr_assert_not_null(a);
    cr_assert_eq(listener(conf, "b")->access.prefixes, a);
    cr_assert_neq(listener(conf, "c")->access.prefixes, a);
    cr_assert_neq(listener(conf, "d")->access.prefixes, listener(conf, "c")->access.prefixes);
    conf_free(conf);
}

/* A name that is in a list a thousand times must not make a loader that works for minutes. */
Test(conf_access, how_many_networks_lists_may_come_to)
{
    char *text = malloc(1024 * 1024), *end = text;

    end += sprintf(end, "networks = { n = [\"10.0.0.0/8\"");
    for (int i = 1; i < 2000; i++)
        end += sprintf(end, ",\"10.0.%d.%d\"", i / 256, i % 256);
    end += sprintf(end, "]; };\naccess = { allow = [\"n\"");
    for (int i = 1; i < 1000; i++)
        end += sprintf(end, ",\"n\"");
    strcpy(end, "]; };\n");
    cr_assert_null(build(text));
    cr_assert(
        strstr(report.text, "access: allow and deny contain 2000000 networks; allowed: up to 1048576\n"),
        "%s", report.text);
    arena_close(&arena);
    free(text);
}

Test(conf_access, how_many_networks_may_have_names)
{
    char *text = malloc(1024 * 1024), *end = text;

    end += sprintf(end, "networks = {");
    for (int i = 0; i < 1025; i++)
        end += sprintf(end, "n%d = \"10.0.0.0/8\"; ", i);
    strcpy(end, "};\n");
    cr_assert_null(build(text));
    cr_assert(strstr(report.text, "networks: 1025 lists; allowed: up to 1024\n"), "%s", report.text);
    arena_close(&arena);
    free(text);
}
