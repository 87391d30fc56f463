/* SPDX-License-Identifier: MIT */
/* UDP and Unix datagram clients: connected sockets, each with up to DEPTH_MAX requests under way.
 *
 * In an open loop each request has a socket of its own as far as SOCKETS_MAX goes. In a closed loop batches
 * of them share a socket, so that the client costs less than the server. Answers are all alike, so on a
 * shared socket the oldest request is the one that counts as answered. */
#include "client/load/lane.h"

#include <linux/errqueue.h>
#include <stdlib.h>
#include <string.h>

#define SOCKETS_MAX  512
#define SOCKETS_BUSY 32  /* closed loop */
#define DEPTH_MAX    256 /* a power of two */
#define EVENTS       64
#define BATCH        64
#define ANSWER_MIN   2048 /* bytes of a buffer at least */

struct channel {
    int fd;
    bool reports;        /* errors have a queue of their own (ip(7), IP_RECVERR) */
    unsigned depth;      /* requests under way at most */
    unsigned head, tail; /* of those under way */
    unsigned pending;    /* due but not sent; their places follow head */
    int64_t *due;        /* DEPTH_MAX of each */
    int64_t *sent;       /* or when it was to be sent */
};

struct dgram {
    struct lane *lane;
    struct channel *channels;
    int64_t *times;
    unsigned channel_count, turn, active, limit, pending;
    size_t room; /* bytes of a buffer */
    char *payload, *buffers;
    struct mmsghdr in[BATCH], out[BATCH];
    struct iovec in_iov[BATCH], out_iov;
};

/* Returns 0 with a socket in the channel, or an errno value with the channel as it was. */
static int open_channel(struct dgram *dgram, struct channel *channel)
{
    const struct load_plan *plan = dgram->lane->plan;
    unsigned number = (unsigned)(channel - dgram->channels);
    unsigned turn = number * plan->threads + dgram->lane->index;
    const struct plan_target *target = &plan->targets[turn % plan->target_count];
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = channel};
    int fd = lane_socket(dgram->lane, target, number);

    channel->reports = !transport_is_unix(target->transport);
    if (!channel->reports)
        event.events |= EPOLLOUT;
    if (fd < 0)
        return -fd;
    if (connect(fd, &target->address.sa, target->address.length) < 0 ||
        epoll_ctl(dgram->lane->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        close_fd(&fd);
        return errno;
    }
    close_fd(&channel->fd);
    channel->fd = fd;
    return 0;
}

static unsigned channels_of(const struct lane *lane)
{
    unsigned most = lane->schedule.gap_ns > 0 ? SOCKETS_MAX : SOCKETS_BUSY;

    return lane->connections < most ? lane->connections : most;
}

static int open_channels(struct dgram *dgram, unsigned count)
{
    unsigned connections = dgram->lane->connections;
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

static unsigned under_way(const struct channel *channel)
{
    return channel->head - channel->tail;
}

/* Ends the oldest request. */
static void end(struct dgram *dgram, struct channel *channel, unsigned class)
{
    lane_ended(dgram->lane, class, channel->due[channel->tail % DEPTH_MAX]);
    channel->tail++;
    dgram->active--;
}

/* What routers and hosts reported: each report ends a request. Returns whether there were any. */
static bool hear_errors(struct dgram *dgram, struct channel *channel)
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
        if (under_way(channel))
            end(dgram, channel, tally_class_of((int)report->ee_errno));
    }
    return found;
}

/* Gives up the first of those that are due; the others move up. */
static void give_up(struct dgram *dgram, struct channel *channel, unsigned class)
{
    lane_ended(dgram->lane, class, channel->due[channel->head % DEPTH_MAX]);
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
        dgram->lane->tally.local_error = error;
    give_up(dgram, channel, class);
}

/* Sends what is due. What a full queue does not take, as that of a Unix socket, waits. */
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
        /* An error of a request before, or of this one? */
        if (!hear_errors(dgram, channel))
            fail_to_send(dgram, channel, error);
    }
}

/* Takes requests that are due. Returns whether more may be. */
static bool take_due(struct dgram *dgram, struct channel *channel)
{
    while (channel->pending < BATCH && under_way(channel) + channel->pending < channel->depth) {
        unsigned place = (channel->head + channel->pending) % DEPTH_MAX;

        if (!lane_may_start(dgram->lane, &channel->due[place]))
            return false;
        channel->sent[place] = dgram->lane->now;
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
        more = more && take_due(dgram, channel);
        send_due(dgram, channel);
    }
}

static void take_answer(struct dgram *dgram, struct channel *channel, const char *bytes, size_t length)
{
    const struct load_plan *plan = dgram->lane->plan;

    if (under_way(channel) == 0) /* the answer of one that was given up, or one too many */
        dgram->lane->tally.unexpected++;
    else
        end(dgram, channel, tally_judge(plan->greeting, plan->greeting_length, bytes, length));
}

/* An error when receiving, which comes once, however many are reported. Returns whether it ended a request.
 */
static bool hear_error(struct dgram *dgram, struct channel *channel, int error)
{
    if (error == EAGAIN)
        return false;
    if (channel->reports || !under_way(channel))
        return hear_errors(dgram, channel);
    end(dgram, channel, tally_class_of(error));
    return true;
}

static void hear(struct dgram *dgram, struct channel *channel)
{
    for (;;) {
        int count = recvmmsg(channel->fd, dgram->in, BATCH, MSG_DONTWAIT, NULL);

        for (int i = 0; i < count; i++)
            take_answer(dgram, channel, dgram->in_iov[i].iov_base, dgram->in[i].msg_len);
        if (count < 0 ? !hear_error(dgram, channel, errno) : count < BATCH)
            return;
    }
}

static bool has_expired(const struct dgram *dgram, const struct channel *channel, unsigned place)
{
    return channel->sent[place % DEPTH_MAX] + dgram->lane->plan->timeout_ns <= dgram->lane->now;
}

/* Once nothing is under way any more, the channel gets another socket, so that answers that come too late are
 * not counted for requests to come. */
static void expire_channel(struct dgram *dgram, struct channel *channel)
{
    bool expired = false;

    for (; under_way(channel) && has_expired(dgram, channel, channel->tail); expired = true)
        end(dgram, channel, OUTCOME_TIMEOUT);
    while (channel->pending && has_expired(dgram, channel, channel->head))
        give_up(dgram, channel, OUTCOME_TIMEOUT);
    if (expired && !under_way(channel))
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
    const struct load_plan *plan = dgram->lane->plan;

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
    struct lane *lane = dgram->lane;
    struct epoll_event events[EVENTS];
    int64_t next_check = lane->now + LANE_CHECK_NS;

    while (lane_goes_on(lane, dgram->active)) {
        int count;

        start_due(dgram);
        count = lane_wait(lane, events, EVENTS, dgram->active < dgram->limit,
                          dgram->pending ? NS_PER_MS : LANE_CHECK_NS);
        for (int i = 0; i < count; i++) {
            if (events[i].events & EPOLLERR)
                hear_errors(dgram, events[i].data.ptr);
            hear(dgram, events[i].data.ptr);
        }
        if (lane->now >= next_check) {
            expire(dgram);
            next_check = lane->now + LANE_CHECK_NS;
        }
    }
}

/* Returns 0, or an errno value. */
static int begin(struct dgram *dgram)
{
    const struct load_plan *plan = dgram->lane->plan;
    unsigned count = channels_of(dgram->lane);

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

int lane_run_dgram(struct lane *lane)
{
    struct dgram *dgram = calloc(1, sizeof(*dgram));
    int error;

    if (!dgram)
        return ENOMEM;
    dgram->lane = lane;
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
