/* SPDX-License-Identifier: MIT */
#include "ctl/dial.h"

#include "base/util.h"
#include "control/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define RETRY_MS 20 /* while the queue of the listener is full, which cannot be polled */

static int connect_until(int fd, const char *path, int64_t until_ns)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
        if (monotonic_ns() >= until_ns)
            return -ETIMEDOUT;
        poll(NULL, 0, RETRY_MS);
    }
    return 0;
}

/* Connects to the very file that was examined, or, without /proc, to the one that has its name now. */
static int connect_to_file(int fd, int file, int directory, int64_t until_ns)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    if (access(path, F_OK) == 0)
        return connect_until(fd, path, until_ns);
    if (fchdir(directory) < 0) /* a path may be longer than an address */
        return -errno;
    return connect_until(fd, PROTOCOL_SOCKET, until_ns);
}

static int connect_in(int directory, int file, int64_t until_ns)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = fd < 0 ? -errno : connect_to_file(fd, file, directory, until_ns);

    if (error < 0) {
        close_fd(&fd);
        return error;
    }
    return fd;
}

static bool is_trusted(int fd, uid_t owner)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (geteuid() != 0)
        return true;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == owner);
}

/* Opens the socket's file without following a link. */
static int open_socket_file(int directory)
{
    struct stat status;
    int file = openat(directory, PROTOCOL_SOCKET, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (file < 0)
        return -errno;
    if (fstat(file, &status) == 0 && S_ISSOCK(status.st_mode))
        return file;
    close(file);
    return -ENOTSOCK;
}

static int dial_directory(int directory, int64_t until_ns)
{
    struct stat status;
    int fd, file = open_socket_file(directory);

    if (file < 0)
        return file;
    fd = connect_in(directory, file, until_ns);
    close(file);
    if (fd >= 0 && (fstat(directory, &status) < 0 || !is_trusted(fd, status.st_uid))) {
        close(fd);
        return -EXDEV;
    }
    return fd;
}

int dial_place(const struct find_place *place, int64_t until_ns)
{
    int flags = O_PATH | O_DIRECTORY | O_CLOEXEC | (place->link_allowed ? 0 : O_NOFOLLOW);
    int fd, directory = open(place->directory, flags);

    if (directory < 0)
        return -errno;
    fd = dial_directory(directory, until_ns);
    close(directory);
    return fd;
}

pid_t dial_peer_pid(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}
