/* SPDX-License-Identifier: MIT */
#include "system/privs.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
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

static int apply(capng_select_t sets)
{
    errno = 0;
    if (capng_apply(sets) == 0)
        return 0;
    return errno ? -errno : -EPERM;
}

/* Needs CAP_SETPCAP, which only a root master has; for the others no_new_privs makes it unnecessary. */
static int drop_bounding_set(const char **step)
{
    *step = "empty the capability bounding set";
    capng_clear(CAPNG_SELECT_BOUNDS);
    return apply(CAPNG_SELECT_BOUNDS);
}

static int drop_capabilities(const char **step)
{
    int error;

    *step = "capset";
    capng_clear(CAPNG_SELECT_CAPS);
    error = apply(CAPNG_SELECT_CAPS);
    if (error)
        return error;
    *step = "PR_CAP_AMBIENT_CLEAR_ALL";
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -errno;
    *step = "PR_SET_NO_NEW_PRIVS";
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static bool regains_root(void)
{
    return setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0;
}

/* Asks the kernel whether the drop succeeded, and tries to undo it. */
static int verify(const struct conf *conf, const char **step)
{
    uid_t real, effective, saved;

    *step = "verify capabilities";
    if (capng_get_caps_process() < 0)
        return -EIO;
    if (capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
        return -EPERM;
    if (!conf->change_user)
        return 0;
    *step = "verify user";
    if (getresuid(&real, &effective, &saved) < 0 || real != conf->uid || effective != conf->uid ||
        saved != conf->uid)
        return -EPERM;
    *step = "verify that root cannot be regained";
    return conf->uid != 0 && regains_root() ? -EPERM : 0;
}

int privs_drop(const struct conf *conf, const char **step)
{
    int error = 0;

    *step = "read capabilities";
    if (capng_get_caps_process() < 0)
        return -EIO;
    if (conf->change_user) {
        if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
            error = drop_bounding_set(step);
        if (error == 0)
            error = change_user(conf->uid, conf->gid, step);
    }
    if (error == 0)
        error = drop_capabilities(step);
    return error ? error : verify(conf, step);
}

bool privs_have(unsigned capability)
{
    return capng_get_caps_process() == 0 && capng_have_capability(CAPNG_EFFECTIVE, capability);
}
