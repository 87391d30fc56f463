/* SPDX-License-Identifier: MIT */
/* control_server: the control socket, which answers sockgreetctl (control/protocol.h). Each connection has
 * one request, a line of words, and one answer. What clients can occupy is limited in size, number and time,
 * and the master never waits for a client. */
#ifndef SOCKGREET_CONTROL_SERVER_H
#define SOCKGREET_CONTROL_SERVER_H

#include "control/protocol.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

/* The client, as identified by the kernel (unix(7), SO_PEERCRED). */
struct control_peer {
    int fd;
    struct ucred credentials;
};

struct control_server {
    sd_event *event;
    /* Returns the answer, which the server frees, and its length. NULL: the answer follows later, by
     * control_server_answer() with this ticket. */
    char *(*answer)(void *context, const struct control_peer *peer, const char *request, size_t *length,
                    unsigned *ticket);
    void *context;

    int fd; /* -1: there is none */
    sd_event_source *source;
    sd_event_source *sweep; /* closes connections whose time is up */
    char path[PROTOCOL_PATH_MAX];
    bool published; /* the path is this socket's, which has: */
    dev_t device;
    ino_t inode;
    struct control_connection *first; /* the newest */
};

/* Creates the socket in the runtime directory, under a temporary name. Returns 0, or -errno; then there is no
 * socket, and the other functions do nothing. */
int control_server_open(struct control_server *server);

/* Renames it to its path, replacing an older socket there. Returns 0 or -errno. */
int control_server_publish(struct control_server *server);

/* Answers all clients that wait with this ticket. The caller keeps ownership of answer. */
void control_server_answer(struct control_server *server, unsigned ticket, const char *answer, size_t length);

/* Closes the socket and all connections, and removes its path unless another process has replaced it. */
void control_server_close(struct control_server *server);

/* Whether the process is a member of the group. */
bool control_peer_is_member(const struct control_peer *peer, gid_t group);

#endif
