/* SPDX-License-Identifier: MIT */
#include "service/host.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* os-release(5): a value with other characters than letters and digits is quoted as in the shell; within
 * double quotes $, ", \ and ` are escaped by a backslash. */
static void unquote(char *out, size_t size, const char *value)
{
    char quote = *value == '"' || *value == '\'' ? *value++ : '\0';
    size_t length = 0;

    while (*value && *value != '\n' && *value != quote && length + 1 < size) {
        if (*value == '\\' && quote != '\'' && value[1])
            value++;
        out[length++] = *value++;
    }
    out[length] = '\0';
}

void host_take_os(struct host *host, const char *line)
{
    static const char key[] = "PRETTY_NAME=";

    if (strncmp(line, key, sizeof(key) - 1) == 0)
        unquote(host->os, sizeof(host->os), line + sizeof(key) - 1);
}

static void learn_os(struct host *host)
{
    static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};
    FILE *file = NULL;
    char line[512];

    for (size_t i = 0; !file && i < sizeof(paths) / sizeof(paths[0]); i++)
        file = fopen(paths[i], "re");
    while (file && fgets(line, sizeof(line), file))
        host_take_os(host, line);
    if (file)
        fclose(file);
}

static void learn_boot(struct host *host)
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    if (file && fgets(host->boot_id, sizeof(host->boot_id), file))
        host->boot_id[strcspn(host->boot_id, "\n")] = '\0';
    if (file)
        fclose(file);
}

void host_learn(struct host *host)
{
    struct utsname machine;

    memset(host, 0, sizeof(*host));
    if (gethostname(host->hostname, sizeof(host->hostname) - 1) < 0)
        strcpy(host->hostname, "localhost");
    if (uname(&machine) == 0)
        snprintf(host->kernel, sizeof(host->kernel), "%s", machine.release);
    learn_os(host);
    learn_boot(host);
    host->instance = host->hostname;
}
