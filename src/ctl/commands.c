/* SPDX-License-Identifier: MIT */
#include "ctl/commands.h"

#include "base/util.h"
#include "control/protocol.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sysexits.h>

#define LOOK_MS 10 /* between two looks for the answer */

__attribute__((format(printf, 2, 3))) static int fail(int status, const char *format, ...)
{
    va_list arguments;

    fputs("sockgreetctl: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return status;
}

/* The service's process, or 0 after a message. */
static pid_t find_service(const struct ctl_cmdline *cmdline)
{
    char directory[512];
    pid_t pid = cmdline->pid ? cmdline->pid : protocol_service_pid();

    if (pid)
        return pid;
    if (protocol_directory(directory, sizeof(directory)))
        fail(0, "no service runs (there is no process of it in %s)", directory);
    else
        fail(0, "there is no runtime directory to find a service in; --pid names its process");
    return 0;
}

/* Reads a file and removes it. False if there is none. */
static bool take_file(const char *name, char *text, size_t size)
{
    char path[512];
    FILE *in;
    size_t length;

    if (!protocol_path(name, path, sizeof(path)) || !(in = fopen(path, "re")))
        return false;
    length = fread(text, 1, size - 1, in);
    text[length] = '\0';
    fclose(in);
    unlink(path);
    return true;
}

/* Reads the answer. Where the runtime directory is full, it is an empty file that has the status in its name.
 */
static bool take_answer(const char *name, char *text, size_t size)
{
    static const int codes[] = {0, EX_OSERR, EX_CONFIG};
    char empty[128];

    if (take_file(name, text, size))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        snprintf(empty, sizeof(empty), "%s.%d", name, codes[i]);
        if (!take_file(empty, text, size))
            continue;
        snprintf(text, size, "%d\n%s (the log says more; the runtime directory cannot be written)\n",
                 codes[i], codes[i] ? "Refused" : "Reloaded");
        return true;
    }
    return false;
}

/* "CODE\nTEXT\n" */
static int report_answer(const char *answer)
{
    char *text;
    long status = strtol(answer, &text, 10);

    text += *text == '\n';
    fputs(text, status ? stderr : stdout);
    return (int)status;
}

static int wait_for_answer(const struct ctl_cmdline *cmdline, const char *name, int pidfd)
{
    int64_t end = monotonic_ns() + cmdline->timeout * NS_PER_S;
    struct pollfd gone = {.fd = pidfd, .events = POLLIN};
    static char answer[8192];

    while (monotonic_ns() < end) {
        bool ended = poll(&gone, 1, LOOK_MS) == 1; /* before the look: the last answer counts */

        if (take_answer(name, answer, sizeof(answer)))
            return report_answer(answer);
        if (ended)
            return fail(EX_OSERR, "the service ended before it answered");
    }
    return fail(EX_OSERR, "no answer in %u s", cmdline->timeout);
}

int control_reload(const struct ctl_cmdline *cmdline)
{
    union sigval value;
    uint32_t token = 0;
    char name[64];
    pid_t pid = find_service(cmdline);
    int pidfd, status;

    if (!pid)
        return EX_UNAVAILABLE;
    while (token == 0)
        if (getrandom(&token, sizeof(token), 0) < 0)
            return fail(EX_OSERR, "getrandom: %s", strerror(errno));
    snprintf(name, sizeof(name), PROTOCOL_REPLY "%u", token);
    value.sival_int = (int)token;
    pidfd = pidfd_open(pid, 0);
    if (pidfd < 0 || sigqueue(pid, SIGRTMIN, value) < 0)
        return fail(errno == ESRCH ? EX_UNAVAILABLE : EX_OSERR, "cannot signal the service (pid %d): %s",
                    (int)pid, strerror(errno));
    status = wait_for_answer(cmdline, name, pidfd);
    close(pidfd);
    return status;
}

int control_status(const struct ctl_cmdline *cmdline)
{
    char path[512], text[2048];
    FILE *in;

    if (!find_service(cmdline))
        return EX_UNAVAILABLE;
    if (!protocol_path(PROTOCOL_STATUS, path, sizeof(path)) || !(in = fopen(path, "re")))
        return fail(EX_OSERR, "cannot read the service's state: %s", strerror(errno));
    if (fgets(text, sizeof(text), in))
        puts(text);
    fclose(in);
    return 0;
}
