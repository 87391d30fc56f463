/* SPDX-License-Identifier: MIT */
#include "conf/conf_build.h"
#include "conf/conf_report.h"
#include "conf/conf_resolve.h"
#include "conf/conf_table.h"
#include "service/services.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static struct arena arena;
static struct conf_report report;
static char path[64];

static void write_file(const char *text, size_t length)
{
    int fd;

    strcpy(path, "/tmp/test_conf.XXXXXX");
    fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, length), (ssize_t)length);
    close(fd);
}

static const struct conf *build(const struct conf_source *source)
{
    cr_assert_eq(arena_open(&arena, CONF_ARENA_SIZE), 0);
    return conf_build(&arena, source, &report);
}

static const struct conf *built(const char *text)
{
    const struct conf_source source = {.path = path, .path_given = true};
    const struct conf *conf;

    write_file(text, strlen(text));
    conf = build(&source);
    unlink(path);
    cr_assert(conf, "%s", report.text);
    return conf;
}

static const struct conf *built_listener(const char *settings)
{
    char text[1024];

    snprintf(text, sizeof(text), "listeners = { x = { %s } };", settings);
    return built(text);
}

/* The one error that the text leads to, behind "FILE:"; without the warning that the user "sockgreet" is not
 * here. */
static void assert_error(const char *text, const char *expected)
{
    const struct conf_source source = {.path = path, .path_given = true};
    char line[512];

    write_file(text, strlen(text));
    cr_assert(!build(&source), "%s", text);
    unlink(path);
    snprintf(line, sizeof(line), "%s:%s\n", path, expected);
    cr_assert(strstr(report.text, line), "%s", report.text);
    cr_assert_eq(report.errors, 1);
    arena_close(&arena);
}

static char *printed(const struct conf *conf)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    conf_print(conf, out);
    fclose(out);
    return text;
}

Test(conf, an_empty_file_means_the_documented_defaults)
{
    const struct conf *conf = built("");

    cr_assert_str_eq(conf->greeting, "Thank you for connecting\r\n");
    cr_assert_str_eq(conf->file, path);
    cr_assert_eq(conf->processes, 2);
    cr_assert_eq(conf->threads, 0);
    cr_assert_geq(conf->thread_count, 1);
    cr_assert_str_eq(conf->user, "sockgreet");
    cr_assert_eq(conf->log_target, CONF_LOG_AUTO);
    cr_assert_eq(conf->log_level, LOG_INFO);
    cr_assert_eq(conf->log_greetings, CONF_GREETINGS_EACH);
    cr_assert_eq(conf->log_max_per_second, 300);
    cr_assert_eq(conf->log_summary_interval_ns, 10000000000);
    cr_assert_eq(conf->linger_ns, 2000000000);
    cr_assert_eq(conf->linger_total_ns, 5000000000);
    cr_assert_eq(conf->send_ns, 5000000000);
    cr_assert_eq(conf->drain_ns, 30000000000);
    cr_assert_eq(conf->connections, 10000);
    cr_assert(!conf->connections_given);
    cr_assert_eq(conf->heartbeat_ns, 1000000000);
    cr_assert_eq(conf->listener_count, 3);
    conf_free(conf);
}

Test(conf, the_usual_listeners)
{
    const struct conf *conf = built("");
    const struct conf_listener *tcp = &conf->listeners[0];
    const struct conf_listener *udp = &conf->listeners[1];
    const struct conf_listener *local = &conf->listeners[2];

    cr_assert_str_eq(tcp->name, "tcp");
    cr_assert_eq(tcp->transport, TRANSPORT_TCP);
    cr_assert_eq(tcp->endpoint_count, 1);
    cr_assert(tcp->endpoints[0].dual_stack);
    cr_assert_eq(address_port(&tcp->endpoints[0].address), 12345);
    cr_assert_null(tcp->path);
    cr_assert_eq(tcp->backlog, 4096);
    cr_assert_eq(tcp->linger_ns, conf->linger_ns);
    cr_assert(tcp->plan->is_constant);
    cr_assert_eq(udp->transport, TRANSPORT_UDP);
    cr_assert_eq(udp->shards_given, 0);
    cr_assert(udp->shards >= 1 && udp->shards <= 8);
    cr_assert_eq(udp->max_datagram, 512);
    cr_assert_float_eq(udp->max_amplification, 1.0, 1e-9);
    cr_assert_str_eq(local->path, "/run/sockgreet/greet.sock");
    cr_assert_eq(local->mode_bits, 0666);
    cr_assert_eq(local->owner_id, (uid_t)-1);
    cr_assert_eq(local->group_id, (gid_t)-1);
    cr_assert_null(local->address);
    conf_free(conf);
}

Test(conf, udp_ports_are_known)
{
    const struct conf *conf =
        built("listeners = { a = { type = \"udp\"; port = 1; }; b = { type = \"udp\"; port = 65535; };"
              "c = { type = \"tcp\"; port = 7; }; };");

    cr_assert(conf_has_udp_port(conf, 1));
    cr_assert(conf_has_udp_port(conf, 65535));
    cr_assert(!conf_has_udp_port(conf, 7));
    cr_assert(!conf_has_udp_port(conf, 0));
    conf_free(conf);
}

Test(conf, times_take_integers_and_fractions)
{
    const struct conf *conf =
        built("timeouts = { linger = 1; linger_total = 2.5; send = 0.1; drain = 3600L; };"
              "supervision = { heartbeat = 0; }; log = { summary_interval = 0.123456789; };");

    cr_assert_eq(conf->linger_ns, 1000000000);
    cr_assert_eq(conf->linger_total_ns, 2500000000);
    cr_assert_eq(conf->send_ns, 100000000);
    cr_assert_eq(conf->drain_ns, 3600000000000);
    cr_assert_eq(conf->heartbeat_ns, 0);
    cr_assert_eq(conf->log_summary_interval_ns, 123456789);
    conf_free(conf);
}

Test(conf, a_comment_on_the_last_line_needs_no_newline)
{
    const struct conf *conf = built("limits = { connections = 7; };\n// the end");

    cr_assert_eq(conf->connections, 7);
    cr_assert(conf->connections_given);
    conf_free(conf);
}

static void assert_address(const char *word, const char *expected)
{
    char settings[256], text[ADDRESS_TEXT_MAX];
    const struct conf *conf;

    snprintf(settings, sizeof(settings), "type = \"udp\"; port = 9; address = %s;", word);
    conf = built_listener(settings);
    cr_assert_eq(conf->listeners[0].endpoint_count, 1);
    address_text(&conf->listeners[0].endpoints[0].address, text, sizeof(text));
    cr_assert_str_eq(text, expected);
    conf_free(conf);
}

Test(conf, every_form_of_address)
{
    assert_address("\"\"", "[::]:9");
    assert_address("\"*\"", "[::]:9");
    assert_address("\"0.0.0.0\"", "0.0.0.0:9");
    assert_address("\"::\"", "[::]:9");
    assert_address("\"192.0.2.7\"", "192.0.2.7:9");
    assert_address("\"2001:db8::1\"", "[2001:db8::1]:9");
    assert_address("\"[2001:db8::1]\"", "[2001:db8::1]:9");
    assert_address("\"::ffff:192.0.2.7\"", "192.0.2.7:9");
    assert_address("\"fe80::1%lo\"", "[fe80::1%lo]:9");
    assert_address("\"fe80::1%1\"", "[fe80::1%lo]:9");
    assert_address("\"<broadcast>\"", "255.255.255.255:9");
    assert_address("2130706433", "127.0.0.1:9");
    assert_address("3232235777L", "192.168.1.1:9");
    assert_address("\"3232235777\"", "192.168.1.1:9");
    assert_address("0x7f000001", "127.0.0.1:9");
    assert_address("0", "0.0.0.0:9");
}

Test(conf, any_ipv6_address_is_not_dual_stack)
{
    const struct conf *conf = built_listener("type = \"udp\"; address = \"::\";");

    cr_assert(!conf->listeners[0].endpoints[0].dual_stack);
    conf_free(conf);
}

Test(conf, a_host_name_is_every_address_once)
{
    const struct conf *conf;
    const struct conf_listener *listener;

    if (!gethostbyname("localhost"))
        cr_skip_test("this machine has no localhost in /etc/hosts");
    conf = built_listener("type = \"tcp\"; address = \"localhost\";");
    listener = &conf->listeners[0];
    cr_assert_geq(listener->endpoint_count, 1);
    for (size_t i = 0; i < listener->endpoint_count; i++) {
        cr_assert_eq(address_scope(&listener->endpoints[i].address), ADDRESS_LOOPBACK);
        for (size_t j = 0; j < i; j++)
            cr_assert(!address_equal(&listener->endpoints[i].address, &listener->endpoints[j].address));
    }
    conf_free(conf);
}

Test(conf, listeners_have_greetings_of_their_own)
{
    const struct conf *conf =
        built("greeting = \"${listener} \"; listeners = { a = { type = \"tcp\"; port = 1; };"
              "b = { type = \"unix\"; path = \"@x\"; };"
              "c = { type = \"tcp\"; port = 2; greeting = \"own\"; linger = 0; }; };");

    cr_assert_eq(memcmp(conf->listeners[0].plan->bytes, "a ", 2), 0);
    cr_assert_eq(memcmp(conf->listeners[1].plan->bytes, "b ", 2), 0);
    cr_assert_str_eq(conf->listeners[2].greeting_text, "own");
    cr_assert_eq(conf->listeners[2].linger_ns, 0);
    conf_free(conf);
}

Test(conf, options_replace_the_listeners)
{
    static char *const endpoints[] = {(char *)"127.0.0.1:1", (char *)"udp://[::1]:2", (char *)"unix:@a",
                                      (char *)"tcp://*:3", (char *)"unix-dgram:/tmp/x"};
    const struct conf_source source = {
        .path = "/nonexistent", .endpoints = endpoints, .endpoint_count = 5, .log_to_stderr = true};
    static const char *const names[] = {"tcp", "udp", "unix", "tcp2", "unix-dgram"};
    const struct conf *conf = build(&source);

    cr_assert(conf, "%s", report.text);
    cr_assert_eq(conf->log_target, CONF_LOG_STDERR);
    cr_assert_eq(conf->listener_count, 5);
    for (size_t i = 0; i < 5; i++)
        cr_assert_str_eq(conf->listeners[i].name, names[i]);
    cr_assert(conf->listeners[3].endpoints[0].dual_stack);
    cr_assert_eq(address_port(&conf->listeners[1].endpoints[0].address), 2);
    conf_free(conf);
}

Test(conf, without_a_file_only_loopback_is_served)
{
    const struct conf_source source = {.path = "/nonexistent/sockgreet.conf"};
    const struct conf *conf = build(&source);

    cr_assert(conf, "%s", report.text);
    cr_assert_null(conf->file);
    cr_assert_geq(conf->listener_count, 2);
    for (size_t i = 0; i < conf->listener_count; i++)
        if (!transport_is_unix(conf->listeners[i].transport))
            cr_assert_eq(address_scope(&conf->listeners[i].endpoints[0].address), ADDRESS_LOOPBACK);
    conf_free(conf);
}

Test(conf, a_given_file_must_exist)
{
    const struct conf_source source = {.path = "/nonexistent/sockgreet.conf", .path_given = true};

    cr_assert_null(build(&source));
    cr_assert_str_eq(report.text,
                     "/nonexistent/sockgreet.conf: cannot be opened: No such file or directory\n");
    arena_close(&arena);
}

Test(conf, root_does_not_change_to_itself)
{
    const struct conf *conf = built("user = \"root\"; group = \"root\";");

    cr_assert(!conf->change_user);
    cr_assert_eq(conf->uid, 0);
    conf_free(conf);
}

Test(conf, a_user_brings_its_group)
{
    const struct conf *conf = built("user = \"daemon\";");

    cr_assert_str_eq(conf->group, "daemon");
    cr_assert_eq(conf->change_user, geteuid() == 0);
    conf_free(conf);
}

Test(conf, all_errors_are_reported)
{
    const struct conf_source source = {.path = path, .path_given = true};
    const char *text = "workers = { processes = 0; };\nlog = { level = 7; };\ntimeouts = 3;\n"
                       "listeners = { a = { type = \"tcp\"; port = 0; address = \"1.2.3\"; }; };";

    write_file(text, strlen(text));
    cr_assert_null(build(&source));
    unlink(path);
    cr_assert_eq(report.errors, 5);
    arena_close(&arena);
}

Test(conf, errors_name_line_and_setting)
{
    assert_error("\nworkers = {\n processes = 257; };",
                 "3: workers.processes: 257 is out of range; allowed: a whole number from 1 to 256");
    assert_error("listeners = {\n a = { type = \"tcp\"; };\n b = { type = \"tcp\"; };\n};",
                 "3: listeners.b: tcp [::]:12345 is already used by listeners.a (line 2); allowed: each "
                 "endpoint once");
}

static const char *const overlapping[] = {
    "a = { type = \"tcp\"; address = \"127.0.0.1\"; }; b = { type = \"tcp\"; address = 2130706433; };",
    "a = { type = \"tcp\"; address = \"127.0.0.1\"; }; b = { type = \"tcp\"; address = \"localhost\"; };",
    "a = { type = \"tcp\"; address = \"0.0.0.0\"; }; b = { type = \"tcp\"; address = \"127.0.0.1\"; };",
    "a = { type = \"udp\"; address = \"::1\"; }; b = { type = \"udp\"; };",
    "a = { type = \"udp\"; interface = \"lo\"; }; b = { type = \"udp\"; };",
    "a = { type = \"unix\"; path = \"/tmp/x\"; }; b = { type = \"unix-dgram\"; path = \"/tmp/x\"; };",
    "a = { type = \"unix\"; path = \"@x\"; }; b = { type = \"unix\"; path = \"@x\"; };",
};

static const char *const apart[] = {
    "a = { type = \"tcp\"; }; b = { type = \"udp\"; };",
    "a = { type = \"tcp\"; address = \"::\"; }; b = { type = \"tcp\"; address = \"0.0.0.0\"; };",
    "a = { type = \"tcp\"; address = \"::\"; }; b = { type = \"tcp\"; address = \"127.0.0.1\"; };",
    "a = { type = \"udp\"; interface = \"lo\"; }; b = { type = \"udp\"; interface = \"eth0\"; };",
    "a = { type = \"unix\"; path = \"@x\"; }; b = { type = \"unix-dgram\"; path = \"@x\"; };",
    "a = { type = \"tcp\"; port = 1; }; b = { type = \"tcp\"; port = 2; };",
};

static bool is_accepted(const char *listeners)
{
    const struct conf_source source = {.path = path, .path_given = true};
    char text[512];
    bool accepted;

    snprintf(text, sizeof(text), "listeners = { %s };", listeners);
    write_file(text, strlen(text));
    accepted = build(&source) != NULL;
    unlink(path);
    arena_close(&arena);
    return accepted;
}

Test(conf, each_endpoint_once)
{
    for (size_t i = 0; i < sizeof(overlapping) / sizeof(overlapping[0]); i++)
        cr_assert(!is_accepted(overlapping[i]), "%s", overlapping[i]);
    for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++)
        cr_assert(is_accepted(apart[i]), "%s: %s", apart[i], report.text);
}

Test(conf, datagrams_have_a_limit)
{
    assert_error(
        "listeners = { x = { type = \"udp\"; max_datagram = 3; greeting = \"long\"; }; };",
        "1: listeners.x.greeting: can be 4 bytes long, but max_datagram is 3; allowed: a shorter one, "
        "or max_datagram up "
        "to 1232");
}

/* What is between begin and end depends on the names of this host. */
static void assert_one_error(const char *text, const char *begin, const char *end)
{
    const struct conf_source source = {.path = path, .path_given = true};
    const char *found;

    write_file(text, strlen(text));
    cr_assert(!build(&source), "%s", text);
    unlink(path);
    cr_assert_eq(report.errors, 1, "%s", report.text);
    found = strstr(report.text, path);
    cr_assert(found && strncmp(found + strlen(path) + 1, begin, strlen(begin)) == 0, "%s", report.text);
    cr_assert(strstr(found, end), "%s", report.text);
    arena_close(&arena);
}

/* The default holds no answer for programs, whatever the greeting. */
Test(conf, a_format_that_no_datagram_holds)
{
    char text[2048];

    assert_one_error("listeners = { x = { type = \"udp\";\n format = \"json\"; greeting = \"x\"; }; };",
                     "2: listeners.x.format: answers in \"json\" can be ",
                     " bytes long, but max_datagram is 512; allowed: \"text\", or max_datagram from ");
    assert_one_error("listeners = { x = { type = \"unix-dgram\"; path = \"@x\";\n greeting = \"x\";\n"
                     " format = \"line\"; max_datagram = 40; }; };",
                     "3: listeners.x.format: answers in \"line\" can be ", " to 1232\n");
    snprintf(text, sizeof(text),
             "listeners = { x = { type = \"udp\"; format = \"json\"; max_datagram = 1232; greeting = "
             "\"%01200d\"; }; };",
             0);
    assert_one_error(text, "1: listeners.x.format: answers in \"json\" can be ",
                     " bytes long, but a datagram holds 1232; allowed: \"text\", or a shorter greeting\n");
}

static void assert_fixed_point(const char *text)
{
    const struct conf *conf = built(text);
    char *first = printed(conf);
    char *second;

    conf_free(conf);
    conf = built(first);
    second = printed(conf);
    cr_assert_str_eq(second, first);
    free(first);
    free(second);
    conf_free(conf);
}

Test(conf, print_can_be_read_again)
{
    assert_fixed_point("");
    assert_fixed_point("greeting = \"\\\\ \\\" \\n\\r\\t\\f \\x01\\x1b\\x7f\\xff \xc3\xa4 $$\";"
                       "listeners = { t = { type = \"tcp\"; greeting = \"other\"; }; };");
    assert_fixed_point("timeouts = { linger = 0.000000001; linger_total = 3599.999999999; };");
    assert_fixed_point(
        "listeners = { a = { type = \"udp\"; address = 3232235777L; port = \"9\"; max_amplification = 1.1; };"
        "b = { type = \"unix\"; path = \"@a b\"; }; c = { type = \"tcp\"; port = 80; address = \"\";"
        "free_bind = TRUE; interface = \"lo\"; }; };");
    assert_fixed_point(
        "user = \"daemon\"; listeners = { l = { type = \"unix\"; path = \"/tmp/\\x01\"; owner = \"root\";"
        "group = \"0\"; mode = \"700\"; }; };");
}

Test(conf, a_small_memory_is_an_error)
{
    const struct conf_source source = {.path = path, .path_given = true};

    write_file("", 0);
    for (size_t pages = 1; pages < 3; pages++) {
        cr_assert_eq(arena_open(&arena, pages * 4096), 0);
        cr_assert_null(conf_build(&arena, &source, &report));
        cr_assert(strstr(report.text, "of memory") || strstr(report.text, "the memory"), "%s", report.text);
        arena_close(&arena);
    }
    unlink(path);
}

/* The number of a word is the row of the service. */
Test(conf, each_service_has_its_word)
{
    const struct conf_setting *setting = conf_table_find(&conf_listener_table, "service");
    size_t rows = 0;

    for (const struct service *service; (service = services_row(rows)); rows++)
        cr_assert_str_eq(conf_table_word(setting, (int)rows), service->name);
    cr_assert_str_eq(conf_table_word(setting, (int)rows), "");
}
