/* SPDX-License-Identifier: MIT */
#include "serve/render.h"

#include "base/address.h"
#include "service/greeting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int render_open(struct render *render, const struct conf *conf)
{
    size_t largest = 1;

    for (size_t i = 0; i < conf->listener_count; i++) {
        const struct greeting *greeting = conf->listeners[i].greeting;

        if (!greeting->is_static && greeting->template.max_length > largest)
            largest = greeting->template.max_length;
    }
    render->time_second = -1;
    snprintf(render->pid_text, sizeof(render->pid_text), "%d", (int)getpid());
    render->buffer = malloc(largest);
    return render->buffer ? 0 : -ENOMEM;
}

void render_close(struct render *render)
{
    free(render->buffer);
    render->buffer = NULL;
}

static const char *time_text(struct render *render)
{
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != render->time_second) {
        gmtime_r(&now.tv_sec, &tm);
        strftime(render->time_text, sizeof(render->time_text), "%Y-%m-%dT%H:%M:%SZ", &tm); /* RFC 3339 5.6 */
        render->time_second = now.tv_sec;
    }
    return render->time_text;
}

struct end_text {
    char host[ADDRESS_TEXT_MAX];
    char port[8];
};

/* An end's address and port as text; a Unix client is known by its uid alone. */
static void format_end(struct end_text *text, const struct record_address *packed)
{
    struct address address;

    text->host[0] = text->port[0] = '\0';
    if (!packed)
        return;
    if (packed->family == AF_UNIX) {
        snprintf(text->host, sizeof(text->host), "uid %u", packed->uid);
        return;
    }
    record_unpack(packed, &address);
    address_host(&address, text->host, sizeof(text->host));
    snprintf(text->port, sizeof(text->port), "%u", packed->port);
}

/* The values of VARIABLES that are known PER_CLIENT. */
size_t render_greeting(struct render *render, const struct conf_listener *listener,
                       const struct record_address *client, const struct record_address *server, char *out)
{
    const struct greeting *greeting = listener->greeting;
    struct end_text client_text, server_text;
    struct greeting_values values = {
        .value = {[VARIABLE_CLIENT_ADDRESS] = client_text.host,
                  [VARIABLE_CLIENT_PORT] = client_text.port,
                  [VARIABLE_SERVER_ADDRESS] = listener->path ? listener->path : server_text.host,
                  [VARIABLE_SERVER_PORT] = server_text.port,
                  [VARIABLE_PID] = render->pid_text},
    };

    format_end(&client_text, client);
    format_end(&server_text, listener->path ? NULL : server);
    if (greeting->template.uses & 1u << VARIABLE_TIME)
        values.value[VARIABLE_TIME] = time_text(render);
    return greeting_render(greeting, &values, out);
}
