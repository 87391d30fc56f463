/* SPDX-License-Identifier: MIT */
/* forbid WHAT ERRNO PROGRAM [ARGUMENT...]: runs the program with "seccomp" or "landlock" failing, as they do
 * in a container or on a kernel that has none. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(member)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define UNLESS(k, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, skip)
#define RETURN(what)    BPF_STMT(BPF_RET | BPF_K, what)

static int forbid(struct sock_filter *filter, size_t size)
{
    struct sock_fprog program = {.len = (unsigned short)(size / sizeof(*filter)), .filter = filter};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0;
}

int main(int argc, char **argv)
{
    unsigned error = argc > 3 ? (unsigned)atoi(argv[2]) & SECCOMP_RET_DATA : 0;
    struct sock_filter landlock[] = {LOAD(nr), UNLESS(444, 1), RETURN(SECCOMP_RET_ERRNO | error),
                                     RETURN(SECCOMP_RET_ALLOW)};
    struct sock_filter seccomp[] = {LOAD(nr),
                                    UNLESS(SYS_prctl, 3),
                                    LOAD(args[0]),
                                    UNLESS(PR_SET_SECCOMP, 1),
                                    RETURN(SECCOMP_RET_ERRNO | error),
                                    RETURN(SECCOMP_RET_ALLOW)};

    if (argc < 4)
        return 64;
    if (strcmp(argv[1], "landlock") == 0 ? forbid(landlock, sizeof(landlock))
                                         : forbid(seccomp, sizeof(seccomp))) {
        perror("forbid");
        return 71;
    }
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 71;
}
