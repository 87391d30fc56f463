/* SPDX-License-Identifier: MIT */
#include "system/sandbox.h"

#include "base/sanitizer.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Landlock as kernels define it, whatever the version of the build's headers. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self  446
#endif
#define RULESET_VERSION 1u
#define FILES           UINT64_C(0x1fff) /* execute, write, read, list, remove and make of each kind */
#define FILES_REFER     (UINT64_C(1) << 13)
#define FILES_TRUNCATE  (UINT64_C(1) << 14)
#define FILES_IOCTL     (UINT64_C(1) << 15)
#define TCP_BOTH        UINT64_C(3) /* bind and connect */
#define SCOPE_ABSTRACT  UINT64_C(1)
#define SCOPE_SIGNAL    UINT64_C(2)

/* struct landlock_ruleset_attr: actions that are forbidden unless a rule allows them. */
struct ruleset {
    uint64_t files, tcp, scoped;
};

static bool greets_datagrams(const struct conf *conf)
{
    for (size_t i = 0; i < conf->listener_count; i++)
        if (conf->listeners[i].transport == TRANSPORT_UNIX_DGRAM)
            return true;
    return false;
}

/* Everything that this kernel can forbid. Clients of unix-dgram listeners usually have abstract names, to
 * which greetings must be sent. */
static struct ruleset full_ruleset(const struct conf *conf, unsigned abi)
{
    return (struct ruleset){.files = FILES | (abi >= 2 ? FILES_REFER : 0) | (abi >= 3 ? FILES_TRUNCATE : 0) |
                                     (abi >= 5 ? FILES_IOCTL : 0),
                            .tcp = abi >= 4 ? TCP_BOTH : 0,
                            .scoped =
                                abi >= 6 ? SCOPE_SIGNAL | (greets_datagrams(conf) ? 0 : SCOPE_ABSTRACT) : 0};
}

/* Returns 0 or errno. */
static int enter_landlock(const struct conf *conf, unsigned *abi)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
    struct ruleset ruleset;
    long fd, result;
    int error;

    if (version < 0)
        return errno;
    *abi = (unsigned)version;
    ruleset = full_ruleset(conf, *abi);
    fd = syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
    if (fd < 0)
        return errno;
    result = syscall(SYS_landlock_restrict_self, (int)fd, 0);
    error = result < 0 ? errno : 0;
    close((int)fd);
    return error;
}

static void put_pid(struct sock_filter *program, unsigned length)
{
    for (unsigned i = 0; i < length; i++)
        if (BPF_CLASS(program[i].code) == BPF_JMP && program[i].k == CONF_FILTER_PID)
            program[i].k = (uint32_t)getpid();
}

/* Returns 0 or errno. */
static int enter_seccomp(const struct conf *conf)
{
    size_t size = conf->filter_length * sizeof(*conf->filter);
    struct sock_filter *copy = malloc(size);
    struct sock_fprog program = {.len = (unsigned short)conf->filter_length, .filter = copy};
    int error;

    if (!copy)
        return ENOMEM;
    memcpy(copy, conf->filter, size);
    put_pid(copy, conf->filter_length);
    error = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? errno : 0;
    free(copy);
    return error;
}

struct sandbox sandbox_enter(const struct conf *conf)
{
    struct sandbox sandbox = {.kind = SANDBOX_TRIED};

    if (conf->sandbox == CONF_SANDBOX_OFF)
        return (struct sandbox){.kind = SANDBOX_OFF};
    if (SANITIZER_BUILT_IN)
        return (struct sandbox){.kind = SANDBOX_UNFIT};
    tzset(); /* the time zone's file cannot be read later, when the first line is written */
    sandbox.landlock_error = enter_landlock(conf, &sandbox.landlock_abi);
    sandbox.seccomp_error = enter_seccomp(conf);
    return sandbox;
}

bool sandbox_is_whole(const struct sandbox *sandbox)
{
    return sandbox->kind == SANDBOX_TRIED && !sandbox->seccomp_error && !sandbox->landlock_error;
}

static const char *reason(int error)
{
    switch (error) {
    case ENOSYS:
        return ": missing in this kernel, or hidden by a container";
    case EOPNOTSUPP:
        return ": disabled at boot";
    case EPERM:
    case EACCES:
        return ": forbidden from outside, such as by a container's system call filter";
    default:
        return "";
    }
}

static void add_part(struct message *message, const char *name, int error)
{
    const char *separator = *message->text ? "; " : "";

    if (error)
        message_add(message, "%sno %s (%s%s)", separator, name, strerror(error), reason(error));
}

static void describe_tried(const struct sandbox *sandbox, struct message *message)
{
    if (!sandbox->seccomp_error)
        message_add(message, "seccomp");
    if (!sandbox->landlock_error)
        message_add(message, "%slandlock (ABI %u)", *message->text ? ", " : "", sandbox->landlock_abi);
    add_part(message, "seccomp", sandbox->seccomp_error);
    add_part(message, "landlock", sandbox->landlock_error);
}

void sandbox_describe(const struct sandbox *sandbox, struct message *message)
{
    message->text[0] = '\0';
    switch (sandbox->kind) {
    case SANDBOX_UNKNOWN:
        break;
    case SANDBOX_OFF:
        message_set(message, "off");
        break;
    case SANDBOX_UNFIT:
        message_set(message, "off in this build (sanitizer)");
        break;
    case SANDBOX_TRIED:
        describe_tried(sandbox, message);
    }
}
