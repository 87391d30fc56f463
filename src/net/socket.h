/* SPDX-License-Identifier: MIT */
/* bind: makes one listening socket, or prepares one that was adopted. */
#ifndef SOCKGREET_BIND_H
#define SOCKGREET_BIND_H

#include "base/address.h"
#include "conf/conf.h"

/* Creates, configures and binds a socket, and listens. shared says that others of the same endpoint are bound
 * already (UDP shards). Returns the descriptor, or -errno with the step that failed. */
int bind_new(const struct conf_listener *conf, const struct conf_endpoint *endpoint, bool shared,
             const char **step);

/* Gives an adopted socket what a new one would have, as far as that can be changed. Returns 0 or -errno. */
int bind_adopted(int fd, const struct conf_listener *conf, const struct address *address);

/* Lets further sockets share a UDP socket's port. Returns 0 or -errno. */
int bind_allow_sharing(int fd);

/* Owner and mode of a Unix path. Returns 0 or -errno. */
int bind_set_mode(const char *path, const struct conf_listener *conf);

/* Whether fd is the socket that endpoint means: type, address, v6only and interface. */
bool bind_matches(int fd, const struct conf_listener *conf, const struct conf_endpoint *endpoint);

/* Drops every new connection attempt at a listening TCP socket, until it is adopted again; connections
 * already made are not touched. */
void bind_refuse_new(int fd);

/* Whether address is a path in the file system. */
bool bind_is_path(const struct address *address);

#endif
