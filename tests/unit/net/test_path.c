/* SPDX-License-Identifier: MIT */
#include "net/path.h"

#include "fixtures.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static const char *directory;
static char path[128], other[128];

static void setup(void)
{
    directory = fixture_directory();
    cr_assert_not_null(directory);
    snprintf(path, sizeof(path), "%s/s", directory);
    snprintf(other, sizeof(other), "%s/other", directory);
}

static void teardown(void)
{
    char command[256];

    snprintf(command, sizeof(command), "rm -r %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(path, .init = setup, .fini = teardown);

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int bound(const struct fixture *f, bool beside, struct path_id *id)
{
    const char *step = "";
    int fd = new_socket();

    cr_assert_eq(path_bind(fd, &f->conf, &f->endpoint.address, beside, id, &step), 0, "%s", step);
    return fd;
}

static mode_t mode_of(const char *name)
{
    struct stat st;

    return lstat(name, &st) == 0 ? st.st_mode & 07777 : 0;
}

Test(path, the_mode_is_as_configured_whatever_the_umask)
{
    static const mode_t modes[] = {0666, 0600, 0770, 0, 0777};
    mode_t mask = umask(0077);

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct fixture f = fixture_path(TRANSPORT_UNIX, path);
        struct path_id id;
        int fd;

        f.conf.mode_bits = modes[i];
        fd = bound(&f, false, &id);
        cr_expect_eq(mode_of(path), modes[i], "%o", mode_of(path));
        cr_expect(path_is_there(&f.endpoint.address, false, &id));
        close(fd);
        path_remove(&f.endpoint.address, false, &id);
        cr_expect_neq(access(path, F_OK), 0);
    }
    umask(mask);
}

Test(path, a_directory_that_is_made_is_for_everybody)
{
    char below[160];
    struct fixture f;
    struct path_id id;
    mode_t mask = umask(0077);

    snprintf(below, sizeof(below), "%s/made/s", directory);
    f = fixture_path(TRANSPORT_UNIX, below);
    close(bound(&f, false, &id));
    umask(mask);
    *strrchr(below, '/') = '\0';
    cr_assert_eq(mode_of(below), 0755, "%o", mode_of(below));
}

/* The socket of a server that is gone is replaced; one that is alive, or is not a socket, is not. */
Test(path, what_is_in_the_way)
{
    struct fixture f = fixture_path(TRANSPORT_UNIX, path);
    struct path_id first, second;
    const char *step = "";
    int fd = bound(&f, false, &first), another = new_socket();

    cr_assert_eq(listen(fd, 1), 0);
    cr_expect_eq(path_bind(another, &f.conf, &f.endpoint.address, false, &second, &step), -EADDRINUSE);
    cr_expect(path_is_there(&f.endpoint.address, false, &first));
    close(fd);
    cr_expect_eq(path_bind(another, &f.conf, &f.endpoint.address, false, &second, &step), 0);
    cr_expect(path_is_there(&f.endpoint.address, false, &second));
    close(another);
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    another = new_socket();
    cr_expect_eq(path_bind(another, &f.conf, &f.endpoint.address, false, &second, &step), -EADDRINUSE);
    cr_expect_eq(access(path, F_OK), 0);
    close(another);
}

/* Two servers' sockets at one name: the first one is reached until the second takes its place. */
Test(path, beside_and_published)
{
    struct fixture f = fixture_path(TRANSPORT_UNIX, path);
    struct path_id first, second;
    int one = bound(&f, false, &first), two = bound(&f, true, &second);

    cr_expect(path_is_there(&f.endpoint.address, false, &first));
    cr_expect(path_is_there(&f.endpoint.address, true, &second));
    cr_assert_eq(path_publish(&f.endpoint.address, &second, &first), 0);
    cr_expect(path_is_there(&f.endpoint.address, false, &second));
    cr_expect(path_is_there(&f.endpoint.address, true, &first));
    path_unpublish(&f.endpoint.address);
    cr_expect(path_is_there(&f.endpoint.address, false, &first));
    cr_assert_eq(path_publish(&f.endpoint.address, &second, &first), 0);
    path_remove(&f.endpoint.address, true, &first);
    cr_expect_eq(path_publish(&f.endpoint.address, &second, &first), -ENOENT);
    cr_expect(path_is_there(&f.endpoint.address, false, &second));
    close(one);
    close(two);
}

/* Somebody else has put a socket there since it was looked at. */
Test(path, what_is_not_ours_is_not_replaced)
{
    struct fixture f = fixture_path(TRANSPORT_UNIX, path);
    struct path_id first, second;
    int one = bound(&f, false, &first), two = bound(&f, true, &second), theirs = new_socket();

    unlink(path);
    cr_assert_eq(bind(theirs, &f.endpoint.address.sa, f.endpoint.address.length), 0);
    cr_expect_eq(path_publish(&f.endpoint.address, &second, &first), -EEXIST);
    cr_expect_eq(path_publish(&f.endpoint.address, &second, NULL), -EEXIST);
    cr_expect(path_is_there(&f.endpoint.address, true, &second));
    cr_expect_not(path_is_there(&f.endpoint.address, false, &second));
    close(one);
    close(two);
    close(theirs);
}

Test(path, the_longest_path_can_be_replaced_too)
{
    char longest[108] = "";
    struct fixture f;
    struct path_id first, second;
    struct socket *inherited;
    char label[80];
    int one, two;

    snprintf(longest, sizeof(longest), "%s/", directory);
    memset(longest + strlen(longest), 'x', sizeof(longest) - 1 - strlen(longest));
    f = fixture_path(TRANSPORT_UNIX, longest);
    one = bound(&f, false, &first);
    two = bound(&f, true, &second);
    cr_assert_eq(path_publish(&f.endpoint.address, &second, &first), 0);
    cr_expect(path_is_there(&f.endpoint.address, false, &second));
    snprintf(label, sizeof(label), "sg.1.%jx.%jx.b", (uintmax_t)second.device, (uintmax_t)second.inode);
    inherited = socket_inherit(two, label);
    cr_expect(address_equal(&inherited->address, &f.endpoint.address));
    socket_free(inherited, true);
    close(one);
}

/* A reload as root changed mode and owner of whatever a link led to. */
Test(path, a_link_is_not_followed)
{
    struct fixture f = fixture_path(TRANSPORT_UNIX, path);
    struct path_id id;
    int fd = bound(&f, false, &id);

    close(open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    unlink(path);
    cr_assert_eq(symlink(other, path), 0);
    f.conf.mode_bits = 0666;
    f.conf.owner_id = geteuid();
    /* The kernel knows the file itself where it tells; it is gone, so that nothing else can be meant. */
    path_apply_conf(fd, &f.conf, &f.endpoint.address, &id);
    cr_expect_eq(mode_of(other), 0600, "%o", mode_of(other));
    path_remove(&f.endpoint.address, false, &id);
    cr_expect_eq(access(path, F_OK), 0, "the link is somebody else's");
    close(fd);
}

Test(path, somebody_elses_socket_is_left_alone)
{
    struct fixture f = fixture_path(TRANSPORT_UNIX, path);
    struct path_id id;
    int fd = bound(&f, false, &id), theirs = new_socket();

    unlink(path);
    cr_assert_eq(bind(theirs, &f.endpoint.address.sa, f.endpoint.address.length), 0);
    cr_assert_eq(chmod(path, 0600), 0);
    path_apply_conf(fd, &f.conf, &f.endpoint.address, &id);
    cr_expect_eq(mode_of(path), 0600);
    path_remove(&f.endpoint.address, false, &id);
    cr_expect_eq(access(path, F_OK), 0);
    close(fd);
    close(theirs);
}

Test(path, settling_changes_the_mode_of_the_socket_itself)
{
    struct fixture f = fixture_path(TRANSPORT_UNIX, path);
    struct path_id id;
    int fd = bound(&f, false, &id);

    f.conf.mode_bits = 0640;
    cr_assert_eq(path_apply_conf(fd, &f.conf, &f.endpoint.address, &id), 0);
    cr_expect_eq(mode_of(path), 0640);
    close(fd);
}
