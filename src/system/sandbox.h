/* SPDX-License-Identifier: MIT */
/* sandbox: takes from a worker what it has no use for once it serves: most system calls (seccomp), and files,
 * new TCP connections and signals to others (Landlock). */
#ifndef SOCKGREET_SANDBOX_H
#define SOCKGREET_SANDBOX_H

#include "base/message.h"
#include "conf/conf.h"

enum sandbox_kind {
    SANDBOX_UNKNOWN, /* not tried yet */
    SANDBOX_OFF,
    SANDBOX_UNFIT, /* the build has a sanitizer, which needs what the sandbox takes */
    SANDBOX_TRIED
};

/* What became of it. */
struct sandbox {
    enum sandbox_kind kind;
    int seccomp_error; /* errno; 0: in force */
    int landlock_error;
    unsigned landlock_abi; /* of the kernel */
};

/* Confines this process as far as the kernel lets it. Call when privileges are gone and nothing is to be
 * opened any more, and before there are threads. */
struct sandbox sandbox_enter(const struct conf *conf);

/* Whether everything is in force. */
bool sandbox_is_whole(const struct sandbox *sandbox);

/* "seccomp, landlock (ABI 7)", or what is missing and why; "" if that is unknown. */
void sandbox_describe(const struct sandbox *sandbox, struct message *message);

#endif
