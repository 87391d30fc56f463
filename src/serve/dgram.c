/* SPDX-License-Identifier: MIT */
#include "serve/dgram.h"

#include "base/address.h"
#include "base/proxy_header.h"
#include "base/util.h"
#include "guard/access.h"
#include "guard/fuse.h"
#include "guard/source.h"
#include "net/observe.h"
#include "service/service.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH   32
#define BATCHES 4  /* taken from one socket before others get their turn */
#define QUEUE   16 /* calls that empty a full receive buffer */
#define RETRIES 8  /* of a batch that was interrupted */

/* One datagram of a batch. */
struct dgram {
    struct address client;
    _Alignas(struct cmsghdr) char control[2 * CMSG_SPACE(sizeof(struct in6_pktinfo)) + OBSERVE_CONTROL];
    struct peer peer;        /* the server's address is the datagram's destination */
    struct in_pktinfo info4; /* the same, for the answer; only one of the two is set */
    struct in6_pktinfo info6;
    bool has_info4, has_info6;
    struct ucred credentials; /* Unix */
    struct seen seen;
    size_t request;  /* bytes of payload */
    size_t header;   /* bytes of it that are a PROXY header */
    bool for_itself; /* a proxy's own datagram, such as a health check */
    uint32_t length; /* of the answer */
    enum result result;
    char *rendered; /* room for the answer, if it differs between clients */
};

struct dgram_batch {
    struct mmsghdr in[BATCH], out[BATCH];
    struct iovec in_iov[BATCH], iov[BATCH];
    char (*headers)[PROXY_HEADER_MAX]; /* the beginnings of datagrams from proxies; NULL: no listener has
                                          proxies */
    char (*rendered)[CONF_DATAGRAM_MAX];
    struct {
        _Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } out_control[BATCH];
    struct dgram *answered[BATCH]; /* the datagram that out[i] answers */
    struct dgram dgrams[BATCH];
};

/* Room only for the expected messages: the kernel installs every descriptor that a sender on a Unix socket
 * passes, as far as there is room (unix(7), SCM_RIGHTS). */
static size_t control_room(const struct acceptor *acceptor)
{
    return acceptor->conf->transport == TRANSPORT_UNIX_DGRAM ? CMSG_SPACE(sizeof(struct ucred))
                                                             : sizeof(((struct dgram *)0)->control);
}

static int receive(struct acceptor *acceptor, struct dgram_batch *batch)
{
    size_t room = control_room(acceptor), begin = conf_is_proxied(acceptor->conf) ? PROXY_HEADER_MAX : 0;

    for (int i = 0; i < BATCH; i++) {
        struct dgram *d = &batch->dgrams[i];

        batch->in[i].msg_hdr = (struct msghdr){.msg_name = &d->client.sa,
                                               .msg_namelen = sizeof(d->client.un),
                                               .msg_iov = &batch->in_iov[i],
                                               .msg_iovlen = begin ? 1 : 0,
                                               .msg_control = d->control,
                                               .msg_controllen = room};
        if (begin)
            batch->in_iov[i] = (struct iovec){batch->headers[i], begin};
    }
    /* MSG_TRUNC returns the length of the datagram although its content is not read (recv(2)), except for the
     * PROXY header. */
    return recvmmsg(acceptor->fd, batch->in, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
}

static void read_control(struct dgram *d, struct msghdr *header)
{
    d->has_info4 = d->has_info6 = false;
    seen_begin(&d->seen);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            memcpy(&d->info4, CMSG_DATA(c), sizeof(d->info4));
            d->has_info4 = true;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            memcpy(&d->info6, CMSG_DATA(c), sizeof(d->info6));
            d->has_info6 = true;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
            memcpy(&d->credentials, CMSG_DATA(c), sizeof(d->credentials));
        } else {
            observe_control(c, &d->seen);
        }
    }
}

/* The destination address of the datagram, from which the answer leaves. */
static void find_server(const struct acceptor *acceptor, struct dgram *d)
{
    d->peer.server = acceptor->bound;
    if (!acceptor->member->any)
        return;
    if (d->has_info4) { /* a dual-stack socket also has a mapped IPV6_PKTINFO */
        d->has_info6 = false;
        d->peer.server.family = AF_INET;
        memcpy(d->peer.server.ip, &d->info4.ipi_spec_dst, sizeof(d->info4.ipi_spec_dst));
    } else if (d->has_info6) {
        d->peer.server.family = AF_INET6;
        memcpy(d->peer.server.ip, &d->info6.ipi6_addr, sizeof(d->info6.ipi6_addr));
        d->peer.server.scope = IN6_IS_ADDR_LINKLOCAL(&d->info6.ipi6_addr) ? d->info6.ipi6_ifindex : 0;
    }
}

static void unix_client(struct peer_address *packed, const struct dgram *d)
{
    memset(packed, 0, sizeof(*packed));
    packed->family = AF_UNIX;
    packed->uid = d->credentials.uid;
    packed->gid = d->credentials.gid;
    packed->pid = (uint32_t)d->credentials.pid;
}

static void find_client(const struct acceptor *acceptor, struct dgram *d)
{
    d->for_itself = false;
    d->header = 0;
    d->peer.via.family = AF_UNSPEC;
    if (acceptor->conf->transport == TRANSPORT_UDP)
        peer_pack(&d->peer.client, &d->client);
    else
        unix_client(&d->peer.client, d);
}

/* The index of the interface that it came in on; 0: unknown, as for Unix sockets. */
static unsigned interface_of(const struct dgram *d)
{
    return d->has_info4 ? (unsigned)d->info4.ipi_ifindex : d->has_info6 ? d->info6.ipi6_ifindex : 0;
}

static const char *render(struct dgrams *dgrams, const struct acceptor *acceptor, struct dgram *d)
{
    struct occasion occasion = {.peer = &d->peer,
                                .needs = acceptor->conf->plan->needs,
                                .now = dgrams->loop->now,
                                .arrived = dgrams->loop->now,
                                .seen = &d->seen,
                                .received = (uint32_t)(d->request - d->header)};

    d->seen.interface = interface_of(d);
    d->length = (uint32_t)render_answer(dgrams->render, acceptor->conf, &occasion, d->rendered);
    return d->rendered;
}

/* The bytes of the answer, before any truncation. */
static const char *answer(struct dgrams *dgrams, const struct acceptor *acceptor, struct dgram *d)
{
    const struct plan *plan = acceptor->conf->plan;

    if (!plan->is_constant)
        return render(dgrams, acceptor, d);
    d->length = (uint32_t)plan->length;
    return plan->bytes;
}

/* Whether it was sent to a broadcast or multicast address. A listener that is bound to such an address is
 * meant to answer. */
static bool is_to_many(const struct acceptor *acceptor, const struct dgram *d)
{
    if (!acceptor->member->any || !address_is_any(&acceptor->member->socket->address))
        return false;
    if (d->has_info4)
        return d->info4.ipi_addr.s_addr !=
               d->info4.ipi_spec_dst
                   .s_addr; /* ip(7): the first is the header's, the second the local address */
    return d->has_info6 && IN6_IS_ADDR_MULTICAST(&d->info6.ipi6_addr);
}

/* If the sender is a known proxy, the client is the one in its header, and the answer goes to the proxy. */
static enum result find_proxied(const struct acceptor *acceptor, struct dgram *d, const char *bytes)
{
    struct proxy_header header;
    size_t length = d->request < PROXY_HEADER_MAX ? d->request : PROXY_HEADER_MAX;

    if (!access_trusts(acceptor->conf, &d->peer.client))
        return RESULT_UNTRUSTED;
    if (proxy_header_read_datagram(bytes, length, &header) != PROXY_HEADER_WHOLE)
        return RESULT_NO_HEADER;
    d->for_itself = header.local;
    d->header = header.length;
    if (header.known) {
        d->peer.via = d->peer.client;
        d->peer.client = header.client;
        d->seen.asked = header.server;
        d->seen.authority = header.authority;
        d->seen.unique_id = header.unique_id;
    }
    return RESULT_SENT;
}

/* The address that the answer is sent to. */
static const struct peer_address *sender(const struct dgram *d)
{
    return peer_is_proxied(&d->peer) ? &d->peer.via : &d->peer.client;
}

static enum result judge_udp(struct dgrams *dgrams, const struct acceptor *acceptor, struct dgram *d,
                             const char *header)
{
    const struct source source = {
        .client = &d->client, .family = d->peer.server.family, .to_many = is_to_many(acceptor, d)};
    enum result result = RESULT_SENT;

    if (!source_is_answerable(dgrams->conf, acceptor->conf, &source))
        return RESULT_UNANSWERABLE;
    if (conf_is_proxied(acceptor->conf))
        result = find_proxied(acceptor, d, header);
    if (result != RESULT_SENT)
        return result;
    if (!d->for_itself && !access_admits(acceptor->conf, &d->peer.client))
        return RESULT_DENIED;
    if (!fuse_allows(&dgrams->guard->loops, sender(d), dgrams->loop->now))
        return RESULT_LOOP;
    return guard_admit(dgrams->guard, acceptor->member->listener, &d->peer.client, dgrams->loop->now);
}

/* Only the address of an autobound socket is certain to belong to the sender. */
static enum result judge_unix(const struct dgram *d)
{
    return address_is_autobound(&d->client) ? RESULT_SENT : RESULT_UNANSWERABLE;
}

/* Why a client is not answered; RESULT_SENT: it is answered. header: the beginning of its datagram, if the
 * listener has proxies. */
static enum result judge(struct dgrams *dgrams, const struct acceptor *acceptor, struct dgram *d,
                         const char *header)
{
    return acceptor->conf->transport == TRANSPORT_UDP ? judge_udp(dgrams, acceptor, d, header)
                                                      : judge_unix(d);
}

static size_t allowance(const struct acceptor *acceptor, const struct dgram *d)
{
    return acceptor->conf->transport == TRANSPORT_UDP
               ? source_allowance(acceptor->conf, &d->client, d->request)
               : SIZE_MAX;
}

static void set_source(struct msghdr *header, char *control, const struct acceptor *acceptor, struct dgram *d)
{
    bool v4 = d->has_info4;
    size_t size = v4 ? sizeof(d->info4) : sizeof(d->info6);
    struct cmsghdr *c;

    /* A multicast address cannot be a source address: the kernel chooses one. */
    if (!acceptor->member->any || !(v4 || d->has_info6) ||
        (!v4 && IN6_IS_ADDR_MULTICAST(&d->info6.ipi6_addr)))
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

/* Decides about one datagram and, if it is answered, adds the answer to the batch. Returns the number of
 * answers. */
static unsigned prepare(struct dgrams *dgrams, struct acceptor *acceptor, struct dgram_batch *batch,
                        unsigned count, struct dgram *d)
{
    const char *bytes;
    size_t allowed;

    find_client(acceptor, d);
    find_server(acceptor, d);
    d->length = 0;
    d->result = judge(dgrams, acceptor, d, batch->in_iov[d - batch->dgrams].iov_base);
    if (d->result != RESULT_SENT)
        return count;
    bytes = answer(dgrams, acceptor, d);
    allowed = allowance(acceptor, d);
    if (d->length > allowed) {
        d->length = (uint32_t)allowed;
        d->result = RESULT_TRUNCATED;
    }
    batch->iov[count] = (struct iovec){(void *)(uintptr_t)bytes, d->length};
    batch->out[count].msg_hdr = (struct msghdr){.msg_name = &d->client.sa,
                                                .msg_namelen = d->client.length,
                                                .msg_iov = &batch->iov[count],
                                                .msg_iovlen = 1};
    set_source(&batch->out[count].msg_hdr, batch->out_control[count].bytes, acceptor, d);
    batch->answered[count] = d;
    return count + 1;
}

/* Sends the answers. Counts one that the network or a full queue does not accept, and continues with the
 * next.
 */
static void answer_all(struct acceptor *acceptor, struct dgram_batch *batch, unsigned count)
{
    unsigned done = 0, interrupted = 0;

    while (done < count) {
        int sent = sendmmsg(acceptor->fd, batch->out + done, count - done, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent > 0) {
            done += (unsigned)sent;
        } else if (sent == 0 || errno != EINTR || ++interrupted > RETRIES) {
            batch->answered[done]->result = RESULT_REFUSED;
            batch->answered[done]->length = 0;
            done++;
        }
    }
}

static void account_all(struct dgrams *dgrams, struct acceptor *acceptor, struct dgram_batch *batch,
                        unsigned count)
{
    int64_t now = dgrams->loop->now;

    for (unsigned i = 0; i < count; i++) {
        struct dgram *d = &batch->dgrams[i];
        enum result result = d->for_itself && d->result == RESULT_SENT ? RESULT_CHECKED : d->result;
        struct record *record =
            account_result(dgrams->account, &acceptor->clients, result, d->length, now, now);

        if (!record)
            continue;
        account_fill(dgrams->account, record, acceptor->member->listener, &d->peer);
        account_publish(dgrams->account);
    }
}

static void serve_batch(struct dgrams *dgrams, struct acceptor *acceptor, unsigned received)
{
    struct dgram_batch *batch = dgrams->batch;
    unsigned answers = 0;

    account_taken(&acceptor->clients, received);
    render_begin(dgrams->render);
    for (unsigned i = 0; i < received; i++) {
        struct dgram *d = &batch->dgrams[i];

        d->client.length = batch->in[i].msg_hdr.msg_namelen;
        d->request = batch->in[i].msg_len;
        read_control(d, &batch->in[i].msg_hdr);
        answers = prepare(dgrams, acceptor, batch, answers, d);
    }
    answer_all(acceptor, batch, answers);
    account_all(dgrams, acceptor, batch, received);
}

/* Handles an error of recvmmsg(2). It is an ICMP error for an earlier answer or a bad checksum, which does
 * not repeat; or one that does. Returns whether to go on. */
static bool failed(struct acceptor *acceptor, int received)
{
    return received < 0 && errno != EAGAIN && !acceptor_fails(acceptor, errno);
}

static int take(struct acceptor *acceptor, uint32_t events)
{
    struct dgrams *dgrams = acceptor->transport;
    int taken = 0, received = 0;

    (void)events;
    for (int i = 0; i < BATCHES && !acceptor->paused && !acceptor->acceptors->closed; i++) {
        received = receive(acceptor, dgrams->batch);
        if (received <= 0 && !failed(acceptor, received))
            break;
        if (received <= 0)
            continue;
        acceptor->failures = 0;
        serve_batch(dgrams, acceptor, (unsigned)received);
        taken += received;
        if (received < BATCH)
            break;
    }
    if (acceptor->foreign && received < BATCH)
        acceptor_step_back(acceptor);
    return taken;
}

static bool has_room(const struct acceptor *acceptor)
{
    (void)acceptor;
    return true;
}

const struct transport_ops dgram_ops = {.take = take, .has_room = has_room, .queue = QUEUE};

/* The memory that the datagram listeners of a configuration need. */
struct needs {
    bool batch, headers, rendered;
};

static struct needs needs_of(const struct conf *conf)
{
    struct needs needs = {0};

    for (size_t i = 0; i < conf->listener_count; i++) {
        const struct conf_listener *listener = &conf->listeners[i];

        if (transport_is_stream(listener->transport))
            continue;
        needs.batch = true;
        needs.headers |= listener->transport == TRANSPORT_UDP && conf_is_proxied(listener);
        needs.rendered |= !listener->plan->is_constant;
    }
    return needs;
}

int dgrams_open(struct dgrams *dgrams)
{
    const struct needs needs = needs_of(dgrams->conf);
    struct dgram_batch *batch = dgrams->batch = needs.batch ? calloc(1, sizeof(*batch)) : NULL;

    if (!batch)
        return needs.batch ? -ENOMEM : 0;
    batch->headers = needs.headers ? malloc(BATCH * sizeof(*batch->headers)) : NULL;
    batch->rendered = needs.rendered ? malloc(BATCH * sizeof(*batch->rendered)) : NULL;
    for (int i = 0; batch->rendered && i < BATCH; i++)
        batch->dgrams[i].rendered = batch->rendered[i];
    return (needs.headers && !batch->headers) || (needs.rendered && !batch->rendered) ? -ENOMEM : 0;
}

void dgrams_close(struct dgrams *dgrams)
{
    if (!dgrams->batch)
        return;
    free(dgrams->batch->headers);
    free(dgrams->batch->rendered);
    free(dgrams->batch);
    dgrams->batch = NULL;
}
