/* SPDX-License-Identifier: MIT */
#include "client/ask/probe.h"

#include "base/util.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 65536 /* no datagram is larger */

static int64_t elapsed(const struct probe *probe)
{
    return monotonic_ns() - probe->started_ns;
}

static enum probe_outcome fail(struct probe *probe, int error)
{
    if (error == EINTR)
        return PROBE_INTERRUPTED;
    if (error == ETIMEDOUT)
        words_timeout(probe->error, sizeof(probe->error), elapsed(probe));
    else
        words_errno(probe->error, sizeof(probe->error), error);
    return PROBE_FAILED;
}

static enum probe_outcome broken(struct probe *probe, const char *what, int error)
{
    char words[WORDS_MAX];

    words_errno(words, sizeof(words), error);
    snprintf(probe->error, sizeof(probe->error), "%s: %s", what, words);
    return PROBE_BROKEN;
}

static enum probe_outcome lost_patience(struct probe *probe, enum patience_end end)
{
    return fail(probe, end == PATIENCE_INTERRUPTED ? EINTR : ETIMEDOUT);
}

static void tell(const struct probe_settings *settings, const struct probe *probe, enum probe_step step)
{
    settings->step(settings->context, probe, step);
}

static void note_connected(struct probe *probe, int fd, const struct probe_settings *settings)
{
    probe->connect_ns = elapsed(probe);
    probe->local.length = sizeof(probe->local.un);
    if (getsockname(fd, &probe->local.sa, &probe->local.length) < 0)
        probe->local.length = 0;
    tell(settings, probe, PROBE_CONNECTED);
}

static bool make_room(struct probe *probe)
{
    size_t capacity = probe->capacity ? probe->capacity * 2 : FIRST_CAPACITY;
    char *larger;

    if (probe->length < probe->capacity)
        return true;
    larger = realloc(probe->greeting, capacity);
    if (!larger)
        return false;
    probe->greeting = larger;
    probe->capacity = capacity;
    return true;
}

static void note_bytes(struct probe *probe, size_t count)
{
    probe->last_ns = elapsed(probe);
    if (probe->length == 0)
        probe->first_ns = probe->last_ns;
    probe->length += count;
}

static enum probe_outcome stream_ended(struct probe *probe)
{
    if (probe->length == 0) {
        snprintf(probe->error, sizeof(probe->error), "connection closed without a greeting");
        return PROBE_FAILED;
    }
    probe->last_ns = elapsed(probe);
    return PROBE_ANSWERED;
}

static enum probe_outcome stream_stalled(struct probe *probe, enum patience_end end)
{
    if (end == PATIENCE_INTERRUPTED || probe->length == 0)
        return lost_patience(probe, end);
    /* Servers that greet and then listen, as for mail, have answered all the same. */
    probe->unended = true;
    return PROBE_ANSWERED;
}

static enum probe_outcome stream_failed(struct probe *probe, int error)
{
    char words[WORDS_MAX];

    if (probe->length == 0)
        return fail(probe, error);
    words_errno(words, sizeof(words), error);
    snprintf(probe->error, sizeof(probe->error), "%s after %zu bytes", words, probe->length);
    return PROBE_FAILED;
}

static enum probe_outcome read_stream(struct probe *probe, int fd, const struct patience *patience)
{
    while (probe->length <= PROBE_GREETING_MAX) {
        enum patience_end end;
        ssize_t n;

        if (!make_room(probe))
            return broken(probe, "greeting", ENOMEM);
        n = recv(fd, probe->greeting + probe->length, probe->capacity - probe->length, 0);
        if (n == 0)
            return stream_ended(probe);
        if (n > 0) {
            note_bytes(probe, (size_t)n);
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return stream_failed(probe, errno);
        end = patience_wait(patience, fd, POLLIN);
        if (end != PATIENCE_READY)
            return stream_stalled(probe, end);
    }
    snprintf(probe->error, sizeof(probe->error), "the greeting is larger than %d MiB",
             PROBE_GREETING_MAX >> 20);
    return PROBE_FAILED;
}

static enum probe_outcome ask_stream(struct probe *probe, int fd, const struct probe_settings *settings,
                                     const struct patience *share, const struct patience *patience)
{
    int error = -dial_connect(fd, &probe->peer, share);

    if (error)
        return fail(probe, error);
    note_connected(probe, fd, settings);
    return read_stream(probe, fd, patience);
}

static enum probe_outcome send_request(struct probe *probe, int fd, size_t pad, bool group,
                                       const struct patience *patience)
{
    static char zeros[65536]; /* never written */
    struct iovec request = {.iov_base = zeros, .iov_len = pad};
    struct msghdr message = {.msg_iov = &request, .msg_iovlen = 1};

    if (group) {
        message.msg_name = &probe->peer.sa;
        message.msg_namelen = probe->peer.length;
    }
    while (sendmsg(fd, &message, MSG_NOSIGNAL) < 0) {
        enum patience_end end;

        if (errno == EMSGSIZE)
            return broken(probe, "the request is too large, see --pad", errno);
        if (errno != EAGAIN && errno != EINTR)
            return fail(probe, errno);
        end = patience_wait(patience, fd, POLLOUT);
        if (end != PATIENCE_READY)
            return lost_patience(probe, end);
    }
    return PROBE_ANSWERED;
}

static enum probe_outcome receive_answer(struct probe *probe, int fd, const struct patience *patience)
{
    struct address from = {.length = sizeof(from.un)};

    if (!make_room(probe))
        return broken(probe, "greeting", ENOMEM);
    for (;;) {
        enum patience_end end = patience_wait(patience, fd, POLLIN);
        ssize_t n;

        if (end != PATIENCE_READY)
            return lost_patience(probe, end);
        n = recvfrom(fd, probe->greeting, probe->capacity, 0, &from.sa, &from.length);
        if (n >= 0) {
            note_bytes(probe, (size_t)n);
            if (from.length > 0 && from.sa.sa_family != AF_UNIX)
                probe->peer = from;
            return PROBE_ANSWERED;
        }
        if (errno != EAGAIN && errno != EINTR)
            return fail(probe, errno);
    }
}

static enum probe_outcome ask_datagram(struct probe *probe, int fd, const struct probe_settings *settings,
                                       const struct patience *patience)
{
    bool group = dial_is_group(fd, &probe->peer);
    enum probe_outcome outcome;
    int error = group ? 0 : -dial_connect(fd, &probe->peer, patience);

    if (error)
        return fail(probe, error);
    note_connected(probe, fd, settings);
    outcome = send_request(probe, fd, settings->pad, group, patience);
    return outcome == PROBE_ANSWERED ? receive_answer(probe, fd, patience) : outcome;
}

static enum probe_outcome ask(struct probe *probe, const struct probe_settings *settings,
                              const struct patience *share, const struct patience *patience)
{
    enum transport transport = probe->target->endpoint.transport;
    enum probe_outcome outcome;
    int fd = dial_socket(&probe->peer, transport, settings->source);

    /* A kernel without the family is as good as a host that cannot be reached over it. */
    if (fd == -EAFNOSUPPORT)
        return fail(probe, EAFNOSUPPORT);
    if (fd < 0)
        return broken(probe, "cannot make a socket to ask from", -fd);
    if (transport_socket_type(transport) == SOCK_STREAM)
        outcome = ask_stream(probe, fd, settings, share, patience);
    else
        outcome = ask_datagram(probe, fd, settings, share);
    close(fd);
    return outcome;
}

static void begin(struct probe *probe, const struct address *peer)
{
    probe->peer = *peer;
    probe->local = (struct address){0};
    probe->started_ns = monotonic_ns();
    probe->connect_ns = probe->first_ns = probe->last_ns = 0;
    probe->unended = false;
    probe->error[0] = '\0';
    probe->length = 0;
}

enum probe_outcome probe_run(struct probe *probe, const struct probe_settings *settings,
                             const struct dial_list *list, const struct patience *patience)
{
    enum probe_outcome outcome = PROBE_FAILED;

    for (size_t i = 0; i < list->count && outcome == PROBE_FAILED; i++) {
        int64_t left_ns = patience->until_ns - monotonic_ns();
        struct patience share = patience_at_most(patience, left_ns / (int64_t)(list->count - i));

        if (i > 0 && left_ns <= 0)
            break;
        begin(probe, &list->addresses[i]);
        tell(settings, probe, PROBE_TRYING);
        outcome = ask(probe, settings, &share, patience);
        if (outcome == PROBE_FAILED)
            tell(settings, probe, PROBE_GIVEN_UP);
    }
    return outcome;
}

void probe_free(struct probe *probe)
{
    free(probe->greeting);
    probe->greeting = NULL;
    probe->length = probe->capacity = 0;
}
