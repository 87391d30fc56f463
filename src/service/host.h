/* SPDX-License-Identifier: MIT */
/* host: information for greetings about the machine and this service. */
#ifndef SOCKGREET_HOST_H
#define SOCKGREET_HOST_H

#include <stddef.h>

struct host {
    char hostname[65];
    char os[128];     /* "Debian GNU/Linux 12 (bookworm)"; "" where os-release(5) is missing */
    char kernel[65];  /* release, as uname -r */
    char boot_id[40]; /* changes with each boot of the machine; "" without /proc */

    const char *instance;           /* the name of the service */
    const char *const *environment; /* names of environment variables that greetings may use */
    size_t environment_count;
};

/* Fills host from the system. Sets instance to the host name, and allows no environment variables. */
void host_learn(struct host *host);

/* Reads the name from a line of os-release(5), if the line has it: PRETTY_NAME="...". */
void host_take_os(struct host *host, const char *line);

#endif
