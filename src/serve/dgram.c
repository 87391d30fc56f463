/* SPDX-License-Identifier: MIT */
#include "serve/dgram.h"

#include "base/address.h"
#include "base/util.h"
#include "service/service.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH           32
#define BATCHES         4  /* taken from one socket before others get their turn */
#define QUEUE           16 /* so many of these are a full receive buffer */
#define IPV4_OVERHEAD   28 /* RFC 791 header without options, RFC 768 header */
#define IPV6_OVERHEAD   48 /* RFC 8200 header, RFC 768 header */
#define PACKET_ALWAYS   64 /* bytes of IP packet that every source gets */
#define AUTOBIND_DIGITS 5  /* unix(7): NUL and five hexadecimal digits */
#define PAYLOAD_READ    32 /* bytes of a request that are looked at */
#define ECHO_LEAST      8  /* bytes in common that make a request another greeter's answer */

/* One datagram of a batch. */
struct dgram {
    struct address client;
    _Alignas(struct cmsghdr) char control[128];
    struct peer peer;        /* the server's address is the one that was asked */
    struct in_pktinfo info4; /* likewise, for the answer; only one of the two is set */
    struct in6_pktinfo info6;
    bool has_info4, has_info6;
    struct ucred credentials; /* Unix */
    size_t request;           /* bytes of payload */
    char payload[PAYLOAD_READ];
    uint32_t length; /* of the answer */
    enum result result;
    char rendered[CONF_DATAGRAM_MAX];
};

struct dgram_batch {
    struct mmsghdr in[BATCH], out[BATCH];
    struct iovec in_iov[BATCH], iov[BATCH];
    struct {
        _Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } out_control[BATCH];
    struct dgram *answered[BATCH]; /* whose answer out[i] is */
    struct dgram dgrams[BATCH];
};

/* Room for what is asked for and no more: the kernel installs every descriptor that a sender on a Unix socket
 * sends along, as far as there is room for it (unix(7), SCM_RIGHTS). */
static size_t control_room(const struct door *door)
{
    return door->conf->transport == TRANSPORT_UNIX_DGRAM ? CMSG_SPACE(sizeof(struct ucred))
                                                         : sizeof(((struct dgram *)0)->control);
}

static int receive(struct door *door, struct dgram_batch *batch)
{
    size_t room = control_room(door);

    for (int i = 0; i < BATCH; i++) {
        struct dgram *d = &batch->dgrams[i];

        batch->in_iov[i] = (struct iovec){d->payload, sizeof(d->payload)};
        batch->in[i].msg_hdr = (struct msghdr){.msg_name = &d->client.sa,
                                               .msg_namelen = sizeof(d->client.un),
                                               .msg_iov = &batch->in_iov[i],
                                               .msg_iovlen = 1,
                                               .msg_control = d->control,
                                               .msg_controllen = room};
    }
    /* MSG_TRUNC: the whole length comes, however little is read (recv(2)). */
    return recvmmsg(door->fd, batch->in, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
}

static void read_control(struct dgram *d, struct msghdr *header)
{
    d->has_info4 = d->has_info6 = false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            memcpy(&d->info4, CMSG_DATA(c), sizeof(d->info4));
            d->has_info4 = true;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            memcpy(&d->info6, CMSG_DATA(c), sizeof(d->info6));
            d->has_info6 = true;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
            memcpy(&d->credentials, CMSG_DATA(c), sizeof(d->credentials));
        }
    }
}

/* The address that was asked, which is the one to answer from. */
static void find_server(const struct door *door, struct dgram *d)
{
    d->peer.server = door->bound;
    if (!door->member->any)
        return;
    if (d->has_info4) { /* on a dual-stack socket a mapped IPV6_PKTINFO comes with it */
        d->has_info6 = false;
        d->peer.server.family = AF_INET;
        memcpy(d->peer.server.ip, &d->info4.ipi_spec_dst, sizeof(d->info4.ipi_spec_dst));
    } else if (d->has_info6) {
        d->peer.server.family = AF_INET6;
        memcpy(d->peer.server.ip, &d->info6.ipi6_addr, sizeof(d->info6.ipi6_addr));
        d->peer.server.scope = IN6_IS_ADDR_LINKLOCAL(&d->info6.ipi6_addr) ? d->info6.ipi6_ifindex : 0;
    }
}

/* Whether a datagram from this source may be answered at all. */
static bool udp_answerable(const struct conf *conf, const struct address *client, enum address_scope scope)
{
    unsigned port = address_port(client);

    if (port == 0 || scope == ADDRESS_MULTICAST || scope == ADDRESS_BROADCAST || scope == ADDRESS_UNSPECIFIED)
        return false;
    if (port < 1024 && scope != ADDRESS_LOOPBACK) /* where the small services live that would answer back */
        return false;
    return !conf_has_udp_port(conf, port); /* another greeter, or ourselves */
}

/* Whether a request begins as our own greeting does: then it is the answer of a greeter like this one, on
 * whatever port, and answering it would begin a conversation that never ends. */
static bool is_echo(const struct plan *plan, const struct dgram *d)
{
    size_t length = plan->prefix_length;

    if (length > sizeof(d->payload))
        length = sizeof(d->payload);
    return length > 0 && d->request >= length && memcmp(d->payload, plan->prefix, length) == 0 &&
           (length >= ECHO_LEAST || d->request == plan->length);
}

/* Bytes of payload that may go to a source in global address space. */
static size_t udp_allowance(const struct conf_listener *listener, const struct dgram *d)
{
    bool v4 = d->client.sa.sa_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&d->client.in6.sin6_addr);
    size_t overhead = v4 ? IPV4_OVERHEAD : IPV6_OVERHEAD;
    size_t packet = (size_t)((double)(d->request + overhead) * listener->max_amplification);

    return (packet > PACKET_ALWAYS ? packet : PACKET_ALWAYS) - overhead;
}

/* Only an autobound sender is certain to be reachable, and certain to be the one that sent. */
static bool unix_answerable(const struct address *client)
{
    const char *name = client->un.sun_path;

    if (client->sa.sa_family != AF_UNIX ||
        client->length != offsetof(struct sockaddr_un, sun_path) + 1 + AUTOBIND_DIGITS || name[0] != '\0')
        return false;
    for (int i = 1; i <= AUTOBIND_DIGITS; i++)
        if (!isxdigit((unsigned char)name[i]))
            return false;
    return true;
}

static void unix_client(struct peer_address *packed, const struct dgram *d)
{
    memset(packed, 0, sizeof(*packed));
    packed->family = AF_UNIX;
    packed->uid = d->credentials.uid;
    packed->pid = (uint32_t)d->credentials.pid;
}

/* Done only where it is said or written down who the client is. */
static void find_client(const struct door *door, struct dgram *d)
{
    if (door->conf->transport == TRANSPORT_UDP)
        peer_pack(&d->peer.client, &d->client);
    else
        unix_client(&d->peer.client, d);
}

/* The bytes to answer with, before any cut. */
static const char *answer(struct dgrams *dgrams, const struct door *door, struct dgram *d)
{
    const struct plan *plan = door->conf->plan;

    if (plan->is_constant) {
        d->length = (uint32_t)plan->length;
        return plan->bytes;
    }
    find_client(door, d);
    d->length = (uint32_t)render_answer(dgrams->render, door->conf, &d->peer, d->rendered);
    return d->rendered;
}

static bool is_answerable(struct dgrams *dgrams, const struct door *door, const struct dgram *d,
                          size_t *allowance)
{
    enum address_scope scope;

    *allowance = SIZE_MAX;
    if (door->conf->transport == TRANSPORT_UNIX_DGRAM)
        return unix_answerable(&d->client);
    scope = address_scope(&d->client);
    if (scope == ADDRESS_GLOBAL)
        *allowance = udp_allowance(door->conf, d);
    return udp_answerable(dgrams->conf, &d->client, scope) && !is_echo(door->conf->plan, d);
}

static void set_source(struct msghdr *header, char *control, const struct door *door, struct dgram *d)
{
    bool v4 = d->has_info4;
    size_t size = v4 ? sizeof(d->info4) : sizeof(d->info6);
    struct cmsghdr *c;

    /* A multicast address cannot be a source: the kernel chooses one. */
    if (!door->member->any || !(v4 || d->has_info6) || (!v4 && IN6_IS_ADDR_MULTICAST(&d->info6.ipi6_addr)))
        return;
    if (v4) {
        d->info4.ipi_ifindex = 0; /* the route decides */
        d->info4.ipi_addr.s_addr = 0;
    } else if (!IN6_IS_ADDR_LINKLOCAL(&d->info6.ipi6_addr)) {
        d->info6.ipi6_ifindex = 0;
    }
    header->msg_control = control;
    header->msg_controllen = CMSG_SPACE(size);
    c = CMSG_FIRSTHDR(header);
    c->cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
    c->cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(c), v4 ? (void *)&d->info4 : (void *)&d->info6, size);
}

/* Decides about one datagram and, if it is answered, adds the answer to the batch. Returns how many it holds.
 */
static unsigned prepare(struct dgrams *dgrams, struct door *door, struct dgram_batch *batch, unsigned count,
                        struct dgram *d)
{
    size_t allowance;
    const char *bytes;

    find_server(door, d);
    d->length = 0;
    d->result = RESULT_UNANSWERABLE;
    if (!is_answerable(dgrams, door, d, &allowance))
        return count;
    bytes = answer(dgrams, door, d);
    d->result = d->length > allowance ? RESULT_TRUNCATED : RESULT_SENT;
    if (d->length > allowance)
        d->length = (uint32_t)allowance;
    batch->iov[count] = (struct iovec){(void *)(uintptr_t)bytes, d->length};
    batch->out[count].msg_hdr = (struct msghdr){.msg_name = &d->client.sa,
                                                .msg_namelen = d->client.length,
                                                .msg_iov = &batch->iov[count],
                                                .msg_iovlen = 1};
    set_source(&batch->out[count].msg_hdr, batch->out_control[count].bytes, door, d);
    batch->answered[count] = d;
    return count + 1;
}

/* Sends the answers. One that the network or a full queue does not take is counted, and the next one is
 * tried. */
static void answer_all(struct door *door, struct dgram_batch *batch, unsigned count)
{
    unsigned done = 0;

    while (done < count) {
        int sent = sendmmsg(door->fd, batch->out + done, count - done, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent > 0) {
            done += (unsigned)sent;
        } else if (sent == 0 || errno != EINTR) {
            batch->answered[done]->result = RESULT_REFUSED;
            batch->answered[done]->length = 0;
            done++;
        }
    }
}

static void account_all(struct dgrams *dgrams, struct door *door, struct dgram_batch *batch, unsigned count)
{
    int64_t now = dgrams->loop->now;

    for (unsigned i = 0; i < count; i++) {
        struct dgram *d = &batch->dgrams[i];
        struct record *record = account_result(dgrams->account, d->result, d->length, now, now);

        if (!record)
            continue;
        record->listener = door->member->listener;
        find_client(door, d);
        record->peer = d->peer;
        account_publish(dgrams->account);
    }
}

static void serve_batch(struct dgrams *dgrams, struct door *door, unsigned received)
{
    struct dgram_batch *batch = dgrams->batch;
    unsigned answers = 0;

    account_taken(dgrams->account, received);
    for (unsigned i = 0; i < received; i++) {
        struct dgram *d = &batch->dgrams[i];

        d->client.length = batch->in[i].msg_hdr.msg_namelen;
        d->request = batch->in[i].msg_len;
        read_control(d, &batch->in[i].msg_hdr);
        answers = prepare(dgrams, door, batch, answers, d);
    }
    answer_all(door, batch, answers);
    account_all(dgrams, door, batch, received);
}

/* What is neither nobody nor a datagram is an earlier answer's ICMP error or a bad checksum, and over with
 * this; or it comes again and again. Returns whether to go on. */
static bool failed(struct door *door, int received)
{
    return received < 0 && errno != EAGAIN && !door_fails(door, errno);
}

static int take(struct door *door, uint32_t events)
{
    struct dgrams *dgrams = door->transport;
    int taken = 0;

    (void)events;
    for (int i = 0; i < BATCHES && !door->paused && !door->doors->closed; i++) {
        int received = receive(door, dgrams->batch);

        if (received <= 0 && !failed(door, received))
            break;
        if (received <= 0)
            continue;
        door->failures = 0;
        serve_batch(dgrams, door, (unsigned)received);
        taken += received;
        if (received < BATCH)
            break;
    }
    return taken;
}

static bool has_room(const struct door *door)
{
    (void)door;
    return true;
}

const struct transport_ops dgram_ops = {.take = take, .has_room = has_room, .queue = QUEUE};

int dgrams_open(struct dgrams *dgrams)
{
    dgrams->batch = calloc(1, sizeof(*dgrams->batch));
    return dgrams->batch ? 0 : -ENOMEM;
}

void dgrams_close(struct dgrams *dgrams)
{
    free(dgrams->batch);
    dgrams->batch = NULL;
}
