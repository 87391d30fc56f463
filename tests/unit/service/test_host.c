/* SPDX-License-Identifier: MIT */
#include "service/host.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static void assert_os(const char *line, const char *expected)
{
    struct host host = {.os = "as before"};

    host_take_os(&host, line);
    cr_assert_str_eq(host.os, expected);
}

Test(host, the_system_has_the_name_that_os_release_gives_it)
{
    assert_os("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n", "Debian GNU/Linux 12 (bookworm)");
    assert_os("PRETTY_NAME='Some \\ System'\n", "Some \\ System");
    assert_os("PRETTY_NAME=Plain\n", "Plain");
    assert_os("PRETTY_NAME=\"The \\\"Best\\\" for \\$5\"\n", "The \"Best\" for $5");
    assert_os("PRETTY_NAME=\"\"\n", "");
    assert_os("PRETTY_NAME=\"no end", "no end");
    assert_os("PRETTY_NAME=\"ends in \\", "ends in \\");
    assert_os("NAME=\"Debian GNU/Linux\"\n", "as before");
    assert_os("", "as before");
}

Test(host, a_long_name_is_cut)
{
    char line[400] = "PRETTY_NAME=\"";
    struct host host = {0};

    memset(line + strlen(line), 'x', 300);
    host_take_os(&host, line);
    cr_assert_eq(strlen(host.os), sizeof(host.os) - 1);
}

Test(host, learns_what_this_machine_is)
{
    struct host host;
    char name[65] = "";

    gethostname(name, sizeof(name) - 1);
    host_learn(&host);
    cr_assert_str_eq(host.hostname, name);
    cr_assert_str_eq(host.instance, name);
    cr_assert_str_not_empty(host.kernel);
    cr_assert_eq(strcspn(host.boot_id, "\n"), strlen(host.boot_id));
    cr_assert_eq(host.environment_count, 0);
}
