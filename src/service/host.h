/* SPDX-License-Identifier: MIT */
/* host: what greetings can say of the machine and of this service on it. */
#ifndef SOCKGREET_HOST_H
#define SOCKGREET_HOST_H

#include <stddef.h>

struct host {
    char hostname[65];
    char os[128];     /* "Debian GNU/Linux 12 (bookworm)"; "" where os-release(5) is missing */
    char kernel[65];  /* as uname -r has it */
    char boot_id[40]; /* another after each boot of the machine; "" without /proc */

    const char *instance;           /* the name of the service */
    const char *const *environment; /* names of environment variables that may be said */
    size_t environment_count;
};

/* Asks the machine. instance is the hostname, and no environment variable may be said. */
void host_learn(struct host *host);

/* Takes from a line of os-release(5) the name, if the line has it: PRETTY_NAME="...". */
void host_take_os(struct host *host, const char *line);

#endif
