/* SPDX-License-Identifier: MIT */
/* sandbox: takes away from a worker what it does not need for serving: most system calls (seccomp), and
 * access to files, new TCP connections and signals to other processes (Landlock). */
#ifndef SOCKGREET_SANDBOX_H
#define SOCKGREET_SANDBOX_H

#include "base/message.h"
#include "conf/conf.h"

enum sandbox_kind {
    SANDBOX_UNKNOWN, /* not tried yet */
    SANDBOX_OFF,
    SANDBOX_UNFIT, /* the build has a sanitizer, which needs what the sandbox forbids */
    SANDBOX_TRIED
};

/* The result. */
struct sandbox {
    enum sandbox_kind kind;
    int seccomp_error; /* errno; 0: in force */
    int landlock_error;
    unsigned landlock_abi; /* of the kernel */
};

/* Confines this process as far as the kernel allows. To be called when privileges are gone and nothing more
 * is opened, before there are threads. */
struct sandbox sandbox_enter(const struct conf *conf);

/* Whether both are in force. */
bool sandbox_is_whole(const struct sandbox *sandbox);

/* "seccomp, landlock (ABI 7)", or what is missing and why; "" if not tried yet. */
void sandbox_describe(const struct sandbox *sandbox, struct message *message);

#endif
