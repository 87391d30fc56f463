/* SPDX-License-Identifier: MIT */
/* render: greetings that are not static, with what a thread knows of a client. */
#ifndef SOCKGREET_RENDER_H
#define SOCKGREET_RENDER_H

#include "conf/conf.h"
#include "shm/record.h"

#include <time.h>

struct render {
    char *buffer;       /* room for the largest greeting */
    char time_text[32]; /* ${time}, made once a second */
    time_t time_second;
    char pid_text[16];
};

/* Returns 0 or -ENOMEM; close in any case. */
int render_open(struct render *render, const struct conf *conf);
void render_close(struct render *render);

/* Renders a listener's greeting; out has room for its max_length. Returns the length. */
size_t render_greeting(struct render *render, const struct conf_listener *listener,
                       const struct record_address *client, const struct record_address *server, char *out);

#endif
