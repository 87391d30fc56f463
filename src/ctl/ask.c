/* SPDX-License-Identifier: MIT */
#include "ctl/ask.h"

#include "base/util.h"
#include "ctl/dial.h"
#include "ctl/exchange.h"
#include "ctl/find.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define SPARE_S 5 /* for calls that cannot have a timeout */

static const char *reason(int error)
{
    switch (-error) {
    case ENOTSOCK:
        return "its control.sock is not a socket";
    case EXDEV:
        return "its control.sock belongs neither to root nor to the directory's owner";
    default:
        return strerror(-error);
    }
}

static bool is_absence(int error)
{
    return error == -ENOENT || error == -ECONNREFUSED;
}

/* Connects to a place; notes a place that exists but cannot be used. */
static int try_place(const struct find_place *place, int64_t until_ns, struct message *notes)
{
    int fd = dial_place(place, until_ns);

    if (fd < 0 && !is_absence(fd))
        message_add(notes, "; %s: %s", place->directory, reason(fd));
    return fd;
}

static int no_answer(const struct options *options, struct message *error)
{
    message_set(error, "no answer in %u s", options->timeout);
    return EX_OSERR;
}

static int no_service(const struct find_places *places, int last, const struct message *notes,
                      struct message *error)
{
    message_set(error, "no running sockgreetd found (looked in %s%s)", places->looked.text, notes->text);
    return last == -EACCES || last == -EPERM ? EX_NOPERM : EX_UNAVAILABLE;
}

/* Connects to the first place that has a service. Returns an exit status. */
static int find_first(const struct options *options, const struct find_places *places, int64_t until_ns,
                      int *fd, struct message *error)
{
    struct message notes = {0};

    *fd = -ENOENT;
    for (size_t i = 0; i < places->count && *fd < 0; i++) {
        int result = try_place(&places->list[i], until_ns, &notes);

        if (!is_absence(result))
            *fd = result;
    }
    if (*fd == -ETIMEDOUT)
        return no_answer(options, error);
    return *fd < 0 ? no_service(places, *fd, &notes, error) : EX_OK;
}

static int find_process(const struct options *options, const struct find_places *places, int64_t until_ns,
                        int *fd, struct message *error)
{
    for (size_t i = 0; i < places->count && monotonic_ns() < until_ns; i++) {
        *fd = dial_place(&places->list[i], until_ns);
        if (*fd >= 0 && dial_peer_pid(*fd) == options->pid)
            return EX_OK;
        close_fd(fd);
    }
    message_set(error, "no sockgreetd with the process ID %d found (looked in %s); give the ID of its master",
                (int)options->pid, places->looked.text);
    return EX_UNAVAILABLE;
}

static int exchange(const struct options *options, int fd, int64_t until_ns, struct ask_answer *answer,
                    struct message *error)
{
    ssize_t size = exchange_run(fd, options->request, until_ns, &answer->bytes);

    if (size == -ETIMEDOUT)
        return no_answer(options, error);
    if (size == -ENODATA)
        message_set(error, "the service ended before it answered");
    else if (size == -EMSGSIZE)
        message_set(error, "the answer is larger than %zu MiB", EXCHANGE_MAX >> 20);
    else if (size < 0)
        message_set(error, "cannot query the service: %s", strerror((int)-size));
    answer->size = size < 0 ? 0 : (size_t)size;
    return size < 0 ? EX_OSERR : EX_OK;
}

int ask_service(const struct options *options, struct ask_answer *answer, struct message *error)
{
    int64_t until_ns = monotonic_ns() + options->timeout * NS_PER_S;
    struct find_places places;
    int fd = -1, status;

    *answer = (struct ask_answer){0};
    alarm(options->timeout + SPARE_S);
    find_places(&places, options);
    status = options->pid ? find_process(options, &places, until_ns, &fd, error)
                          : find_first(options, &places, until_ns, &fd, error);
    find_free(&places);
    if (status == EX_OK)
        status = exchange(options, fd, until_ns, answer, error);
    close_fd(&fd);
    alarm(0);
    return status;
}
