/* SPDX-License-Identifier: MIT */
/* UDP and Unix datagram clients: connected sockets, each with up to DEPTH_MAX outstanding requests.
 *
 * In an open loop each request has a socket of its own, up to SOCKETS_MAX sockets. In a closed loop several
 * requests share a socket, so that the client needs less CPU time than the server. All answers are alike, so
 * on a shared socket the oldest request counts as answered. */
#include "client/load/generator.h"

#include <linux/errqueue.h>
#include <stdlib.h>
#include <string.h>

#define SOCKETS_MAX  512
#define SOCKETS_BUSY 32  /* closed loop */
#define DEPTH_MAX    256 /* a power of two */
#define EVENTS       64
#define BATCH        64
#define ANSWER_MIN   2048 /* minimum size of a buffer in bytes */

struct channel {
    int fd;
    bool reports;        /* errors have a queue of their own (ip(7), IP_RECVERR) */
    unsigned depth;      /* maximum of outstanding requests */
    unsigned head, tail; /* of the outstanding requests */
    unsigned pending;    /* due but not sent; stored after head */
    int64_t *due;        /* DEPTH_MAX of each */
    int64_t *sent;       /* or the time at which it became due */
};

struct dgram {
    struct generator *generator;
    struct channel *channels;
    int64_t *times;
    unsigned channel_count, turn, active, limit, pending;
    size_t room; /* bytes of a buffer */
    char *payload, *buffers;
    struct mmsghdr in[BATCH], out[BATCH];
    struct iovec in_iov[BATCH], out_iov;
};

/* Returns 0 with a socket in the channel, or an errno value with the channel unchanged. */
static int open_channel(struct dgram *dgram, struct channel *channel)
{
    const struct load_plan *plan = dgram->generator->plan;
    unsigned number = (unsigned)(channel - dgram->channels);
    unsigned turn = number * plan->threads + dgram->generator->index;
    const struct plan_target *target = &plan->targets[turn % plan->target_count];
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = channel};
    int fd = generator_socket(dgram->generator, target, number);

    channel->reports = !transport_is_unix(target->transport);
    if (!channel->reports)
        event.events |= EPOLLOUT;
    if (fd < 0)
        return -fd;
    if (connect(fd, &target->address.sa, target->address.length) < 0 ||
        epoll_ctl(dgram->generator->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        close_fd(&fd);
        return errno;
    }
    close_fd(&channel->fd);
    channel->fd = fd;
    return 0;
}

static unsigned channels_of(const struct generator *generator)
{
    unsigned most = generator->schedule.gap_ns > 0 ? SOCKETS_MAX : SOCKETS_BUSY;

    return generator->connections < most ? generator->connections : most;
}

static int open_channels(struct dgram *dgram, unsigned count)
{
    unsigned connections = dgram->generator->connections;
    int error = 0;

    for (unsigned i = 0; i < count && !error; i++) {
        unsigned depth = connections / count + (i < connections % count);
        struct channel *channel = &dgram->channels[i];

        channel->fd = -1;
        dgram->channel_count++;
        channel->depth = depth < DEPTH_MAX ? depth : DEPTH_MAX;
        channel->due = &dgram->times[2 * i * DEPTH_MAX];
        channel->sent = channel->due + DEPTH_MAX;
        dgram->limit += channel->depth;
        error = open_channel(dgram, channel);
    }
    return error;
}

static unsigned outstanding(const struct channel *channel)
{
    return channel->head - channel->tail;
}

/* Ends the oldest request. */
static void end(struct dgram *dgram, struct channel *channel, unsigned class)
{
    generator_ended(dgram->generator, class, channel->due[channel->tail % DEPTH_MAX]);
    channel->tail++;
    dgram->active--;
}

/* Reads the errors that routers and hosts reported; each ends a request. Returns whether there were any. */
static bool receive_errors(struct dgram *dgram, struct channel *channel)
{
    char control[512] __attribute__((aligned(8)));
    bool found = false;

    while (channel->reports) {
        struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};
        const struct sock_extended_err *report;

        if (recvmsg(channel->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return found;
        if (!CMSG_FIRSTHDR(&message))
            continue;
        report = (const void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
        found = true;
        if (outstanding(channel))
            end(dgram, channel, tally_class_of((int)report->ee_errno));
    }
    return found;
}

/* Gives up the first of the requests that are due; the others move up. */
static void give_up(struct dgram *dgram, struct channel *channel, unsigned class)
{
    generator_ended(dgram->generator, class, channel->due[channel->head % DEPTH_MAX]);
    channel->pending--;
    dgram->pending--;
    dgram->active--;
    for (unsigned i = 0; i < channel->pending; i++) {
        unsigned place = (channel->head + i) % DEPTH_MAX, next = (channel->head + i + 1) % DEPTH_MAX;

        channel->due[place] = channel->due[next];
        channel->sent[place] = channel->sent[next];
    }
}

static void fail_to_send(struct dgram *dgram, struct channel *channel, int error)
{
    unsigned class = tally_class_of(error);

    if (class == OUTCOME_LOCAL)
        dgram->generator->tally.local_error = error;
    give_up(dgram, channel, class);
}

/* Sends requests that are due. If a queue is full, such as that of a Unix socket, they wait. */
static void send_due(struct dgram *dgram, struct channel *channel)
{
    while (channel->pending) {
        int sent = sendmmsg(channel->fd, dgram->out, channel->pending, MSG_DONTWAIT | MSG_NOSIGNAL);
        int error = errno;

        if (sent > 0) {
            channel->head += (unsigned)sent;
            channel->pending -= (unsigned)sent;
            dgram->pending -= (unsigned)sent;
            continue;
        }
        if (error == EAGAIN)
            return;
        /* An error of an earlier request, or of this one? */
        if (!receive_errors(dgram, channel))
            fail_to_send(dgram, channel, error);
    }
}

/* Adds requests that are due. Returns whether more may be due. */
static bool add_due(struct dgram *dgram, struct channel *channel)
{
    while (channel->pending < BATCH && outstanding(channel) + channel->pending < channel->depth) {
        unsigned place = (channel->head + channel->pending) % DEPTH_MAX;

        if (!generator_may_start(dgram->generator, &channel->due[place]))
            return false;
        channel->sent[place] = dgram->generator->now;
        channel->pending++;
        dgram->pending++;
        dgram->active++;
    }
    return true;
}

static void start_due(struct dgram *dgram)
{
    bool more = true;

    for (unsigned i = 0; i < dgram->channel_count && (more || dgram->pending); i++) {
        struct channel *channel = &dgram->channels[dgram->turn];

        dgram->turn = (dgram->turn + 1) % dgram->channel_count;
        more = more && add_due(dgram, channel);
        send_due(dgram, channel);
    }
}

static void count_answer(struct dgram *dgram, struct channel *channel, const char *bytes, size_t length)
{
    const struct load_plan *plan = dgram->generator->plan;

    if (outstanding(channel) == 0) /* a late answer, or a duplicate */
        dgram->generator->tally.unexpected++;
    else
        end(dgram, channel, tally_judge(plan->greeting, plan->greeting_length, bytes, length));
}

/* Handles an error of a receive call, which is returned once for all queued errors. Returns whether it ended
 * a request.
 */
static bool handle_error(struct dgram *dgram, struct channel *channel, int error)
{
    if (error == EAGAIN)
        return false;
    if (channel->reports || !outstanding(channel))
        return receive_errors(dgram, channel);
    end(dgram, channel, tally_class_of(error));
    return true;
}

static void receive(struct dgram *dgram, struct channel *channel)
{
    for (;;) {
        int count = recvmmsg(channel->fd, dgram->in, BATCH, MSG_DONTWAIT, NULL);

        for (int i = 0; i < count; i++)
            count_answer(dgram, channel, dgram->in_iov[i].iov_base, dgram->in[i].msg_len);
        if (count < 0 ? !handle_error(dgram, channel, errno) : count < BATCH)
            return;
    }
}

static bool has_expired(const struct dgram *dgram, const struct channel *channel, unsigned place)
{
    return channel->sent[place % DEPTH_MAX] + dgram->generator->plan->timeout_ns <= dgram->generator->now;
}

/* When no request is outstanding after a timeout, the channel gets a new socket, so that late answers are not
 * counted for later requests. */
static void expire_channel(struct dgram *dgram, struct channel *channel)
{
    bool expired = false;

    for (; outstanding(channel) && has_expired(dgram, channel, channel->tail); expired = true)
        end(dgram, channel, OUTCOME_TIMEOUT);
    while (channel->pending && has_expired(dgram, channel, channel->head))
        give_up(dgram, channel, OUTCOME_TIMEOUT);
    if (expired && !outstanding(channel))
        open_channel(dgram, channel);
}

static void expire(struct dgram *dgram)
{
    for (unsigned i = 0; i < dgram->channel_count; i++)
        expire_channel(dgram, &dgram->channels[i]);
}

static size_t payload_length(const struct load_plan *plan)
{
    return plan->message_length > plan->pad ? plan->message_length : plan->pad;
}

static void prepare(struct dgram *dgram)
{
    const struct load_plan *plan = dgram->generator->plan;

    if (plan->message_length)
        memcpy(dgram->payload, plan->message, plan->message_length);
    dgram->out_iov = (struct iovec){dgram->payload, payload_length(plan)};
    for (unsigned i = 0; i < BATCH; i++) {
        dgram->in_iov[i] = (struct iovec){dgram->buffers + i * dgram->room, dgram->room};
        dgram->in[i].msg_hdr = (struct msghdr){.msg_iov = &dgram->in_iov[i], .msg_iovlen = 1};
        dgram->out[i].msg_hdr = (struct msghdr){.msg_iov = &dgram->out_iov, .msg_iovlen = 1};
    }
}

static void run(struct dgram *dgram)
{
    struct generator *generator = dgram->generator;
    struct epoll_event events[EVENTS];
    int64_t next_check = generator->now + GENERATOR_CHECK_NS;

    while (generator_goes_on(generator, dgram->active)) {
        int count;

        start_due(dgram);
        count = generator_wait(generator, events, EVENTS, dgram->active < dgram->limit,
                               dgram->pending ? NS_PER_MS : GENERATOR_CHECK_NS);
        for (int i = 0; i < count; i++) {
            if (events[i].events & EPOLLERR)
                receive_errors(dgram, events[i].data.ptr);
            receive(dgram, events[i].data.ptr);
        }
        if (generator->now >= next_check) {
            expire(dgram);
            next_check = generator->now + GENERATOR_CHECK_NS;
        }
    }
}

/* Returns 0, or an errno value. */
static int begin(struct dgram *dgram)
{
    const struct load_plan *plan = dgram->generator->plan;
    unsigned count = channels_of(dgram->generator);

    dgram->room = plan->greeting_length < ANSWER_MIN ? ANSWER_MIN : plan->greeting_length + 1;
    dgram->channels = calloc(count, sizeof(*dgram->channels));
    dgram->times = calloc(2 * count * DEPTH_MAX, sizeof(*dgram->times));
    dgram->payload = calloc(1, payload_length(plan) + 1);
    dgram->buffers = malloc(BATCH * dgram->room);
    if (!dgram->channels || !dgram->times || !dgram->payload || !dgram->buffers)
        return ENOMEM;
    prepare(dgram);
    return open_channels(dgram, count);
}

int generator_run_dgram(struct generator *generator)
{
    struct dgram *dgram = calloc(1, sizeof(*dgram));
    int error;

    if (!dgram)
        return ENOMEM;
    dgram->generator = generator;
    error = begin(dgram);
    if (error == 0)
        run(dgram);
    for (unsigned i = 0; i < dgram->channel_count; i++)
        close_fd(&dgram->channels[i].fd);
    free(dgram->channels);
    free(dgram->times);
    free(dgram->payload);
    free(dgram->buffers);
    free(dgram);
    return error;
}
