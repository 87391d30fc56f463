/* SPDX-License-Identifier: MIT */
#include "system/privs.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int change_user(uid_t uid, gid_t gid, const char **step)
{
    *step = "setgroups";
    if (setgroups(0, NULL) < 0)
        return -errno;
    *step = "setresgid";
    if (setresgid(gid, gid, gid) < 0)
        return -errno;
    *step = "setresuid";
    if (setresuid(uid, uid, uid) < 0)
        return -errno;
    return 0;
}

static void drop_bounding_set(void)
{
    /* Needs CAP_SETPCAP, which only a root master has; no_new_privs makes it moot for the others. */
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

static int set_capabilities(struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

    return (int)syscall(SYS_capset, &header, sets);
}

static int get_capabilities(struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

    return (int)syscall(SYS_capget, &header, sets);
}

static int drop_capabilities(const char **step)
{
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    *step = "PR_CAP_AMBIENT_CLEAR_ALL";
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -errno;
    *step = "capset";
    if (set_capabilities(none) < 0)
        return -errno;
    *step = "PR_SET_NO_NEW_PRIVS";
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* The drop is believed only when the way back has been tried. */
static int verify(const struct conf *conf, const char **step)
{
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    uid_t real, effective, saved;

    *step = "verify capabilities";
    if (get_capabilities(sets) < 0)
        return -errno;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        if (sets[i].permitted || sets[i].effective || sets[i].inheritable)
            return -EPERM;
    if (!conf->change_user)
        return 0;
    *step = "verify user";
    if (getresuid(&real, &effective, &saved) < 0 || real != conf->uid || effective != conf->uid ||
        saved != conf->uid)
        return -EPERM;
    *step = "verify that root cannot be regained";
    return conf->uid != 0 && (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0) ? -EPERM : 0;
}

int privs_drop(const struct conf *conf, const char **step)
{
    int error;

    if (conf->change_user) {
        drop_bounding_set();
        error = change_user(conf->uid, conf->gid, step);
        if (error)
            return error;
    }
    error = drop_capabilities(step);
    return error ? error : verify(conf, step);
}
