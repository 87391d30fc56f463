/* SPDX-License-Identifier: MIT */
/* UDP and Unix datagram clients: connected sockets, each with up to DEPTH_MAX requests under way.
 *
 * One client a socket as long as there are no more clients than SOCKETS_MAX; beyond that batches of them
 * share a socket, so that the generator costs less than the server. Answers are all alike, so on a shared
 * socket the oldest request is the one that counts as answered. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define SOCKETS_MAX 32
#define DEPTH_MAX   256 /* a power of two */
#define EVENTS      SOCKETS_MAX
#define BATCH       64

struct channel {
    int fd;
    unsigned depth;      /* requests under way at most */
    unsigned head, tail; /* of those under way */
    unsigned pending;    /* due but not sent; their places follow head */
    int64_t due[DEPTH_MAX];
    int64_t sent[DEPTH_MAX];
};

struct dgram {
    struct load_thread *thread;
    struct channel *channels;
    unsigned channel_count, turn, active, limit;
    char *payload, *buffers;
    struct mmsghdr in[BATCH], out[BATCH];
    struct iovec in_iov[BATCH], out_iov;
};

static bool open_channel(struct dgram *dgram, struct channel *channel, unsigned depth)
{
    const struct load_options *options = dgram->thread->options;
    const struct load_target *target = &options->target;
    struct sockaddr_in source = {.sin_family = AF_INET};
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = channel};
    unsigned number;

    if (target->sa.sa_family == AF_UNIX)
        event.events |= EPOLLOUT;
    channel->depth = depth;
    channel->fd = socket(target->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (channel->fd < 0)
        return false;
    if (target->sa.sa_family == AF_UNIX) {
        if (bind(channel->fd, &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(sa_family_t)) <
            0) /* autobind, unix(7) */
            return false;
    } else if (options->sources && target->sa.sa_family == AF_INET) {
        number = (dgram->channel_count * options->threads + dgram->thread->index) % options->sources;
        source.sin_addr.s_addr = load_source(number);
        if (bind(channel->fd, (struct sockaddr *)&source, sizeof(source)) < 0)
            return false;
    }
    return connect(channel->fd, &target->sa, target->length) == 0 &&
           epoll_ctl(dgram->thread->epoll, EPOLL_CTL_ADD, channel->fd, &event) == 0;
}

static bool open_channels(struct dgram *dgram)
{
    unsigned clients = dgram->thread->clients;
    unsigned count = clients < SOCKETS_MAX ? clients : SOCKETS_MAX;

    for (unsigned i = 0; i < count; i++) {
        unsigned depth = clients / count + (i < clients % count);

        dgram->channels[i].fd = -1;
        if (!open_channel(dgram, &dgram->channels[i], depth < DEPTH_MAX ? depth : DEPTH_MAX))
            return false;
        dgram->channel_count++;
        dgram->limit += dgram->channels[i].depth;
    }
    return true;
}

static unsigned under_way(const struct channel *channel)
{
    return channel->head - channel->tail;
}

static enum failure failure_of(int error)
{
    return error == ECONNREFUSED || error == ENOENT ? FAILURE_REFUSED : FAILURE_LOCAL;
}

/* Sends what is due. What a full queue does not take, as that of a Unix socket, waits for EPOLLOUT. */
static void send_due(struct dgram *dgram, struct channel *channel)
{
    while (channel->pending) {
        int sent = sendmmsg(channel->fd, dgram->out, channel->pending, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0) { /* given up: the others move up */
            load_failed(dgram->thread, failure_of(errno));
            channel->pending--;
            dgram->active--;
            continue;
        }
        channel->head += (unsigned)sent;
        channel->pending -= (unsigned)sent;
    }
}

static void start_due(struct dgram *dgram)
{
    struct load_thread *thread = dgram->thread;

    for (unsigned i = 0; i < dgram->channel_count; i++) {
        struct channel *channel = &dgram->channels[dgram->turn];

        dgram->turn = (dgram->turn + 1) % dgram->channel_count;
        while (channel->pending < BATCH && under_way(channel) + channel->pending < channel->depth) {
            unsigned place = (channel->head + channel->pending) % DEPTH_MAX;

            if (!load_may_start(thread, &channel->due[place]))
                break;
            channel->sent[place] = thread->now;
            channel->pending++;
            dgram->active++;
        }
        send_due(dgram, channel);
    }
}

static bool is_right(const struct dgram *dgram, const char *bytes, size_t length)
{
    const struct load_options *options = dgram->thread->options;

    if (!options->expected)
        return length > 0 && bytes[length - 1] == '\n';
    return length == options->expected_length && memcmp(bytes, options->expected, length) == 0;
}

static void take(struct dgram *dgram, struct channel *channel, const char *bytes, size_t length)
{
    struct load_thread *thread = dgram->thread;

    if (under_way(channel) == 0) { /* the answer of one that was given up, or one too many */
        thread->unexpected++;
        return;
    }
    if (is_right(dgram, bytes, length))
        load_answered(thread, channel->due[channel->tail % DEPTH_MAX]);
    else
        load_failed(thread, FAILURE_WRONG);
    channel->tail++;
    dgram->active--;
}

static void hear(struct dgram *dgram, struct channel *channel)
{
    for (;;) {
        int count = recvmmsg(channel->fd, dgram->in, BATCH, MSG_DONTWAIT, NULL);

        if (count < 0 && errno == ECONNREFUSED && under_way(channel)) {
            load_failed(dgram->thread, FAILURE_REFUSED);
            channel->tail++;
            dgram->active--;
            continue;
        }
        for (int i = 0; i < count; i++)
            take(dgram, channel, dgram->in_iov[i].iov_base, dgram->in[i].msg_len);
        if (count < BATCH)
            return;
    }
}

static void expire(struct dgram *dgram)
{
    int64_t longest = (int64_t)(dgram->thread->options->timeout * NS_PER_S);

    for (unsigned i = 0; i < dgram->channel_count; i++) {
        struct channel *channel = &dgram->channels[i];

        while (under_way(channel) &&
               channel->sent[channel->tail % DEPTH_MAX] + longest <= dgram->thread->now) {
            load_failed(dgram->thread, FAILURE_TIMEOUT);
            channel->tail++;
            dgram->active--;
        }
    }
}

static void prepare(struct dgram *dgram)
{
    dgram->out_iov = (struct iovec){dgram->payload, dgram->thread->options->payload};
    for (unsigned i = 0; i < BATCH; i++) {
        dgram->in_iov[i] = (struct iovec){dgram->buffers + i * 2048, 2048};
        dgram->in[i].msg_hdr = (struct msghdr){.msg_iov = &dgram->in_iov[i], .msg_iovlen = 1};
        dgram->out[i].msg_hdr = (struct msghdr){.msg_iov = &dgram->out_iov, .msg_iovlen = 1};
    }
}

static void run(struct dgram *dgram)
{
    struct load_thread *thread = dgram->thread;
    struct epoll_event events[EVENTS];
    int64_t next_check = thread->now + CHECK_NS;

    while (dgram->active || load_goes_on(thread)) {
        int count;

        start_due(dgram);
        count = load_wait(thread, events, EVENTS, dgram->active < dgram->limit);
        for (int i = 0; i < count; i++)
            hear(dgram, events[i].data.ptr);
        if (thread->now >= next_check) {
            expire(dgram);
            next_check = thread->now + CHECK_NS;
        }
    }
}

bool load_dgram(struct load_thread *thread)
{
    struct dgram *dgram = calloc(1, sizeof(*dgram));
    bool opened = false;

    if (!dgram)
        return false;
    dgram->thread = thread;
    dgram->channels = calloc(SOCKETS_MAX, sizeof(*dgram->channels));
    dgram->payload = calloc(1, thread->options->payload + 1);
    dgram->buffers = malloc(BATCH * 2048);
    if (dgram->channels && dgram->payload && dgram->buffers && open_channels(dgram)) {
        opened = true;
        prepare(dgram);
        run(dgram);
    }
    for (unsigned i = 0; i < dgram->channel_count; i++)
        close(dgram->channels[i].fd);
    free(dgram->channels);
    free(dgram->payload);
    free(dgram->buffers);
    free(dgram);
    return opened;
}
