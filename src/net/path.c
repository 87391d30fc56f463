/* SPDX-License-Identifier: MIT */
#include "net/path.h"

#include "base/util.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE (SIOCPROTOPRIVATE + 0) /* linux/un.h: opens the file that a socket is bound to */
#endif

#define NAME_SIZE \
    (sizeof(((struct sockaddr_un *)0)->sun_path) + 1) /* a path, PATH_BESIDE, and the terminating 0 */

struct name {
    char text[NAME_SIZE];
};

bool path_is(const struct address *address)
{
    return address->sa.sa_family == AF_UNIX && address->un.sun_path[0] != '\0';
}

static struct name name_of(const struct address *address, bool beside)
{
    struct name name;

    snprintf(name.text, sizeof(name.text), "%.*s%s", (int)sizeof(address->un.sun_path), address->un.sun_path,
             beside ? (char[]){PATH_BESIDE, '\0'} : "");
    return name;
}

/* Opens its directory, so that a check and the change after it apply to the same directory. */
static int open_directory(const struct name *name)
{
    struct name copy = *name;

    return open(dirname(copy.text), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static const char *last_part(const struct name *name)
{
    return strrchr(name->text, '/') + 1;
}

struct path_id path_directory(const struct address *address)
{
    struct name name = name_of(address, false);
    struct stat st;

    if (stat(dirname(name.text), &st) < 0)
        return (struct path_id){0};
    return (struct path_id){st.st_dev, st.st_ino};
}

bool path_same(const struct address *a, const struct path_id *a_directory, const struct address *b,
               const struct path_id *b_directory)
{
    struct name a_name = name_of(a, false), b_name = name_of(b, false);

    return a_directory->inode != 0 && a_directory->inode == b_directory->inode &&
           a_directory->device == b_directory->device && strcmp(last_part(&a_name), last_part(&b_name)) == 0;
}

static bool same_file(const struct stat *st, const struct path_id *id)
{
    return S_ISSOCK(st->st_mode) && id->inode != 0 && st->st_ino == id->inode && st->st_dev == id->device;
}

bool path_is_there(const struct address *address, bool beside, const struct path_id *id)
{
    struct name name = name_of(address, beside);
    struct stat st;

    return lstat(name.text, &st) == 0 && same_file(&st, id);
}

void path_remove(const struct address *address, bool beside, const struct path_id *id)
{
    struct name name = name_of(address, beside);
    int directory = open_directory(&name), saved = errno;
    struct stat st;

    if (directory >= 0 && fstatat(directory, last_part(&name), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        same_file(&st, id))
        unlinkat(directory, last_part(&name), 0);
    close_fd(&directory);
    errno = saved;
}

/* Opens the file that a socket is bound to: through the socket if the kernel allows that (CAP_NET_ADMIN), or
 * else by its path; the caller must compare it. Returns an O_PATH descriptor, or -1 with errno. */
static int open_file(int fd, const struct name *name)
{
    int file = ioctl(fd, SIOCUNIXFILE);

    return file >= 0 ? file : open(name->text, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

struct path_id path_inherited(int fd, const struct address *address)
{
    struct name name = name_of(address, false);
    int file = ioctl(fd, SIOCUNIXFILE);
    bool certain = file >= 0;
    struct path_id id = {0};
    struct stat st;

    if (!certain)
        file = open(name.text, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (file >= 0 && fstat(file, &st) == 0 && S_ISSOCK(st.st_mode) && (certain || st.st_uid == geteuid()))
        id = (struct path_id){st.st_dev, st.st_ino};
    close_fd(&file);
    return id;
}

static bool keeps_owner(const struct conf_listener *conf)
{
    return conf->owner_id == (uid_t)-1 && conf->group_id == (gid_t)-1;
}

/* fchmod() does not accept an O_PATH descriptor; its entry in /proc leads to the file itself. */
static int change_mode(int file, mode_t mode)
{
    char self[40];

    snprintf(self, sizeof(self), "/proc/self/fd/%d", file);
    return chmod(self, mode) < 0 ? -errno : 0;
}

static bool has_owner(const struct stat *st, const struct conf_listener *conf)
{
    return (conf->owner_id == (uid_t)-1 || st->st_uid == conf->owner_id) &&
           (conf->group_id == (gid_t)-1 || st->st_gid == conf->group_id);
}

/* The mode is set last: with the old owner it could admit the wrong users. */
static int apply_conf(int file, const struct conf_listener *conf, const struct stat *st)
{
    if (!has_owner(st, conf) && fchownat(file, "", conf->owner_id, conf->group_id, AT_EMPTY_PATH) < 0)
        return -errno;
    return (st->st_mode & 07777) == conf->mode_bits ? 0 : change_mode(file, conf->mode_bits);
}

int path_apply_conf(int fd, const struct conf_listener *conf, const struct address *address,
                    const struct path_id *id)
{
    struct name name = name_of(address, false);
    int file = open_file(fd, &name), error = file < 0 ? -errno : 0;
    struct stat st;

    if (error == 0 && fstat(file, &st) < 0)
        error = -errno;
    if (error == 0)
        error = same_file(&st, id) ? apply_conf(file, conf, &st) : -ENOENT;
    close_fd(&file);
    return error;
}

/* Removes the socket file of a server that has ended; anything that is not a socket, or that answers, stays.
 */
static void remove_dead(const struct name *name, int type)
{
    struct address address = {.un.sun_family = AF_UNIX};
    struct stat st;
    int fd;

    if (lstat(name->text, &st) < 0 || !S_ISSOCK(st.st_mode))
        return;
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    memcpy(address.un.sun_path, name->text, strnlen(name->text, sizeof(address.un.sun_path)));
    if (connect(fd, &address.sa, sizeof(address.un)) < 0 && errno == ECONNREFUSED) {
        struct address plain = address;

        path_remove(&plain, false, &(struct path_id){st.st_dev, st.st_ino});
    }
    close(fd);
}

/* The directory may be missing if no unit's RuntimeDirectory= has created it. */
static void make_directory(const struct name *name)
{
    struct name copy = *name;

    mkdir(dirname(copy.text), 0755);
}

/* The mode is set before bind() only if the owner stays the same. */
static int bind_name(int fd, const struct conf_listener *conf, const struct name *name)
{
    struct address address = {.un.sun_family = AF_UNIX};
    size_t length = strlen(name->text);
    mode_t mask;
    int error;

    if (length > sizeof(address.un.sun_path)) /* a path of full length is not terminated (unix(7)) */
        return -ENAMETOOLONG;
    memcpy(address.un.sun_path, name->text, length);
    mask = umask(0);
    make_directory(name);
    remove_dead(name, transport_socket_type(conf->transport));
    /* The file gets the mode that the socket has. */
    error = fchmod(fd, keeps_owner(conf) ? conf->mode_bits : 0) < 0 ||
                    bind(fd, &address.sa, sizeof(address.un)) < 0
                ? -errno
                : 0;
    umask(mask);
    return error;
}

int path_bind(int fd, const struct conf_listener *conf, const struct address *address, bool beside,
              struct path_id *id, const char **step)
{
    struct name name = name_of(address, beside);
    int file, error;
    struct stat st;

    *step = "bind";
    error = bind_name(fd, conf, &name);
    if (error)
        return error;
    file = open_file(fd, &name);
    error = file < 0 || fstat(file, &st) < 0 ? -errno : 0;
    if (error) /* it could not be opened to compare it: it is the one just created */
        unlink(name.text);
    else if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
        error = -EEXIST; /* another process has replaced it already */
    if (error == 0) {
        *id = (struct path_id){st.st_dev, st.st_ino};
        *step = "set mode and owner of";
        error = apply_conf(file, conf, &st);
        if (error)
            path_remove(address, beside, id);
    }
    close_fd(&file);
    return error;
}

/* Returns 0 or -errno. */
static int rename_beside(const struct address *address, unsigned flags)
{
    struct name from = name_of(address, true), to = name_of(address, false);
    int directory = open_directory(&from), error = directory < 0 ? -errno : 0;

    if (error == 0 && renameat2(directory, last_part(&from), directory, last_part(&to), flags) < 0)
        error = -errno;
    close_fd(&directory);
    return error;
}

int path_publish(const struct address *address, const struct path_id *id, const struct path_id *old)
{
    int error;

    if (!path_is_there(address, true, id))
        return -ENOENT;
    error = rename_beside(address, old ? RENAME_EXCHANGE : RENAME_NOREPLACE);
    if (error || !old || path_is_there(address, true, old))
        return error;
    path_unpublish(address);
    return -EEXIST;
}

void path_unpublish(const struct address *address)
{
    rename_beside(address, RENAME_EXCHANGE);
}

/* Whether a line of mountinfo (proc(5)) mounts one of systemd's private directories at directory. */
static bool is_private_mount(const char *line, const char *directory)
{
    char root[512], point[512];

    return sscanf(line, "%*s %*s %*s %511s %511s", root, point) == 2 && strcmp(point, directory) == 0 &&
           strstr(root, "/systemd-private-");
}

bool path_is_private(const struct address *address)
{
    static const char *const directories[] = {"/tmp", "/var/tmp"};
    struct name name = name_of(address, false);
    bool found = false;
    char line[2048];
    FILE *mounts = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(directories) && !found; i++) {
        size_t length = strlen(directories[i]);

        if (strncmp(name.text, directories[i], length) != 0 || name.text[length] != '/')
            continue;
        mounts = fopen("/proc/self/mountinfo", "re");
        while (mounts && !found && fgets(line, sizeof(line), mounts))
            found = is_private_mount(line, directories[i]);
        if (mounts)
            fclose(mounts);
    }
    return found;
}
