/* SPDX-License-Identifier: MIT */
/* control_server: the socket on which sockgreetctl asks (control/protocol.h). One request per connection, a
 * line of words; one answer; everything a client can hold is bounded in size, number and time, and the master
 * never waits for one. */
#ifndef SOCKGREET_CONTROL_SERVER_H
#define SOCKGREET_CONTROL_SERVER_H

#include "control/protocol.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

/* Who asks, as the kernel says (unix(7), SO_PEERCRED). */
struct control_peer {
    int fd;
    struct ucred credentials;
};

struct control_server {
    sd_event *event;
    /* Returns the answer, which the server frees, and its length; NULL: control_server_answer() with this
     * ticket will give it. */
    char *(*answer)(void *context, const struct control_peer *peer, const char *request, size_t *length,
                    unsigned *ticket);
    void *context;

    int fd; /* -1: there is none */
    sd_event_source *source;
    sd_event_source *sweep; /* closes connections whose time is up */
    char path[PROTOCOL_PATH_MAX];
    bool published; /* the path was made this socket's: */
    dev_t device;
    ino_t inode;
    struct control_connection *first; /* the newest */
};

/* Makes the socket, in the runtime directory but under another name. Returns 0, or -errno; then there is
 * none, and the other functions do nothing. */
int control_server_open(struct control_server *server);

/* Gives it its name, in place of an older one. Returns 0 or -errno. */
int control_server_publish(struct control_server *server);

/* Answers everybody who waits with a ticket. The answer stays the caller's. */
void control_server_answer(struct control_server *server, unsigned ticket, const char *answer, size_t length);

/* Closes it with all connections, and removes its name unless another process has that now. */
void control_server_close(struct control_server *server);

/* Whether the process is a member of the group. */
bool control_peer_is_member(const struct control_peer *peer, gid_t group);

#endif
