/* SPDX-License-Identifier: MIT */
#include "daemon/readable.h"

#include "base/escape.h"
#include "base/output.h"
#include "base/util.h"
#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Facts found as root, to be tried as the user, and for the advice. */
struct trial {
    const char *path; /* as the service would open it */
    char real[PATH_MAX];
    uid_t owner;
};

/* A path quoted for a shell. */
struct word {
    char text[2 * PATH_MAX];
};

static struct word shell_word(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%";
    const char *quote = path[strspn(path, plain)] ? "'" : "";
    struct word word;
    size_t used = (size_t)sprintf(word.text, "%s", quote);

    used += escape_bytes(word.text + used, sizeof(word.text) - used - 1, path, strlen(path));
    strcpy(word.text + used, quote);
    return word;
}

/* Irrevocable; called in a child only. */
static int become_user(void)
{
    const struct passwd *user = getpwnam(CONF_DEFAULT_USER);
    const struct group *group = getgrnam(CONF_DEFAULT_USER);
    gid_t gid = group ? group->gr_gid : user ? user->pw_gid : 0;

    if (!user || initgroups(user->pw_name, gid) < 0 || setresgid(gid, gid, gid) < 0 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
        return -1;
    return 0;
}

static bool is_refused(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool refused = fd < 0 && errno == EACCES;

    close_fd(&fd);
    return refused;
}

/* Finds the first directory in the path that the user may not enter. */
static bool find_closed_directory(const char *path, char *directory)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t length = slash == path ? 1 : (size_t)(slash - path);

        memcpy(directory, path, length);
        directory[length] = '\0';
        if (access(directory, X_OK) < 0 && errno == EACCES)
            return true;
    }
    return false;
}

/* Prints the command that fixes it, ready to be typed. */
static void advise(const struct trial *trial, FILE *out)
{
    const struct group *group = getgrgid(getgid());
    struct word file = shell_word(trial->real);
    char directory[PATH_MAX];

    if (find_closed_directory(trial->real, directory))
        fprintf(out, "which cannot enter its directory: chmod a+x %s\n", shell_word(directory).text);
    else if (access(trial->real, R_OK) == 0)
        fprintf(out, "which cannot follow the link to it\n");
    else if (trial->owner == getuid())
        fprintf(out, "which cannot read it: chmod u+r %s\n", file.text);
    else if (group)
        fprintf(out, "which cannot read it: chgrp %s %s && chmod g+r %s\n", group->gr_name, file.text,
                file.text);
    else
        fprintf(out, "which cannot read it: chmod a+r %s\n", file.text);
}

static void warn(const struct trial *trial)
{
    char shown[PATH_MAX];
    struct output output;

    if (output_open(&output, STDERR_FILENO) < 0)
        return;
    escape_bytes(shown, sizeof(shown), trial->path, strlen(trial->path));
    fprintf(output.stream, "%s: warning: under systemd the service runs as user %s, ", shown,
            CONF_DEFAULT_USER);
    advise(trial, output.stream);
    output_close(&output);
}

static void try_as_user(const char *path)
{
    struct trial trial = {.path = path};
    struct stat st;

    if (!realpath(path, trial.real) || stat(trial.real, &st) < 0)
        return;
    trial.owner = st.st_uid;
    /* The service has another working directory. */
    if (become_user() == 0 && is_refused(*path == '/' ? path : trial.real))
        warn(&trial);
}

void readable_check(const char *path)
{
    pid_t child;

    if (geteuid() != 0)
        return;
    child = fork();
    if (child == 0) {
        try_as_user(path);
        _exit(0);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
}
