/* SPDX-License-Identifier: MIT */
/* The datagram path, from what the kernel says of what has come to what it is given to send. The input is a
 * listener's settings, a template, and datagrams, each with its client, its size and where it was sent. What
 * is answered, to whom, and how much, is worked out here once more, from the rules as they are documented. */
#include "base/util.h"
#include "room.h"
#include "serve/dgram.h"
#include "service/services.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define OUR_PORT     12345
#define IP_HEADERS   28
#define IPV6_HEADERS 48
#define ALWAYS       64
#define AT_ONCE      32
#define WORDS        512

enum { V4, MAPPED, V6, UNNAMED, NAMED, AUTOBOUND, KINDS };

/* A datagram that has come. */
struct asked {
    struct address client;
    struct in_pktinfo info4;
    struct in6_pktinfo info6;
    bool has_info4, has_info6;
    size_t size;
    void *name; /* where its client's address was put */
    bool answered;
};

static struct {
    struct input input;
    struct asked asked[AT_ONCE];
    unsigned count;
    unsigned received;
    unsigned sent, bytes;

    struct conf conf;
    struct conf_listener listener;
    uint64_t ports[1024];
    struct socket socket;
    struct sockets_member member;
    struct shared_thread shared;
    struct stats_listener clients;
    _Atomic bool counted;
    struct talkers_board board;
    struct loop loop;
    struct acceptors acceptors;
    struct account account;
    struct render render;
    struct notice notice;
    struct limits limits;
    struct guard guard;
    struct dgrams dgrams;
} run;

static _Alignas(CACHE_LINE) _Atomic uint64_t words[2][WORDS];

/* --- What the kernel has --- */

static void read_unix(struct asked *asked, unsigned kind)
{
    static const char *const names[] = {[NAMED] = "@name", [AUTOBOUND] = "@0a1b2"};

    if (kind == UNNAMED) {
        asked->client.un.sun_family = AF_UNIX;
        asked->client.length = sizeof(sa_family_t);
    } else {
        address_set_unix(&asked->client, names[kind]);
    }
}

static void read_ip(struct asked *asked, unsigned kind)
{
    struct sockaddr_in6 *in6 = &asked->client.in6;
    struct sockaddr_in *in = &asked->client.in;

    if (kind == V4 && run.socket.address.sa.sa_family == AF_INET) {
        in->sin_family = AF_INET;
        input_bytes(&run.input, &in->sin_addr, sizeof(in->sin_addr));
        asked->client.length = sizeof(*in);
    } else {
        in6->sin6_family = AF_INET6;
        input_bytes(&run.input, kind == V6 ? (void *)&in6->sin6_addr : &in6->sin6_addr.s6_addr[12],
                    kind == V6 ? 16 : 4);
        if (kind != V6)
            memset(&in6->sin6_addr.s6_addr[10], 0xff, 2);
        in6->sin6_scope_id = IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) ? 1 : 0;
        asked->client.length = sizeof(*in6);
    }
    address_set_port(&asked->client, (unsigned)input_number(&run.input, 2));
}

static void read_destination(struct asked *asked)
{
    unsigned what = (unsigned)input_number(&run.input, 1);

    asked->has_info4 = what & 1;
    asked->has_info6 = what & 2;
    if (asked->has_info4) {
        input_bytes(&run.input, &asked->info4.ipi_addr, sizeof(asked->info4.ipi_addr));
        asked->info4.ipi_spec_dst = asked->info4.ipi_addr;
        if (what & 4) /* it was sent to many, of whom we are one */
            asked->info4.ipi_spec_dst.s_addr ^= htonl(1);
    }
    if (asked->has_info6)
        input_bytes(&run.input, &asked->info6.ipi6_addr, sizeof(asked->info6.ipi6_addr));
}

static void read_datagram(struct asked *asked)
{
    unsigned kind = (unsigned)input_number(&run.input, 1);

    *asked = (struct asked){0};
    if (run.listener.transport == TRANSPORT_UDP)
        read_ip(asked, kind % UNNAMED);
    else
        read_unix(asked, UNNAMED + kind % (KINDS - UNNAMED));
    asked->size = input_number(&run.input, 2);
    read_destination(asked);
}

/* Room for which there is none is left out, as the kernel does. */
static void put_control(struct msghdr *header, int level, int type, const void *data, size_t size)
{
    size_t used = header->msg_flags ? (size_t)header->msg_flags : 0;
    struct cmsghdr c = {.cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type};

    if (used + CMSG_SPACE(size) > header->msg_controllen)
        return;
    memcpy((char *)header->msg_control + used, &c, sizeof(c));
    memcpy((char *)header->msg_control + used + CMSG_LEN(0), data, size);
    header->msg_flags = (int)(used + CMSG_SPACE(size)); /* until put_datagram() is done */
}

static void put_datagram(struct mmsghdr *message, struct asked *asked)
{
    struct msghdr *header = &message->msg_hdr;
    const struct ucred credentials = {.pid = 4711, .uid = 1000, .gid = 1000};

    FUZZ_CHECK(header->msg_namelen >= asked->client.length);
    memcpy(header->msg_name, &asked->client.sa, asked->client.length);
    header->msg_namelen = asked->client.length;
    message->msg_len = (unsigned)asked->size;
    asked->name = header->msg_name;
    header->msg_flags = 0;
    if (transport_is_unix(run.listener.transport))
        put_control(header, SOL_SOCKET, SCM_CREDENTIALS, &credentials, sizeof(credentials));
    if (asked->has_info4)
        put_control(header, IPPROTO_IP, IP_PKTINFO, &asked->info4, sizeof(asked->info4));
    if (asked->has_info6)
        put_control(header, IPPROTO_IPV6, IPV6_PKTINFO, &asked->info6, sizeof(asked->info6));
    header->msg_controllen = (size_t)header->msg_flags;
    header->msg_flags = 0;
}

/* In the place of the kernel's. */
int recvmmsg(int fd, struct mmsghdr *messages, unsigned room, int flags, struct timespec *timeout)
{
    unsigned count = (unsigned)input_number(&run.input, 1);

    (void)fd;
    (void)flags;
    (void)timeout;
    run.count = 0;
    errno = count == 0xff ? ECONNREFUSED : EAGAIN;
    if (run.input.left == 0 || count == 0xff)
        return -1;
    for (count = 1 + count % AT_ONCE; run.count < count && run.count < room && run.input.left > 0;
         run.count++) {
        read_datagram(&run.asked[run.count]);
        put_datagram(&messages[run.count], &run.asked[run.count]);
    }
    run.received += run.count;
    return (int)run.count;
}

/* --- What may be answered --- */

static bool is_to_many(const struct asked *asked)
{
    if (!run.member.any)
        return false;
    if (asked->has_info4)
        return asked->info4.ipi_addr.s_addr != asked->info4.ipi_spec_dst.s_addr;
    return asked->has_info6 && asked->info6.ipi6_addr.s6_addr[0] == 0xff;
}

static void check_client(const struct asked *asked)
{
    enum address_scope scope = address_scope(&asked->client);
    unsigned port = address_port(&asked->client);

    FUZZ_CHECK(port != 0 && port != OUR_PORT);
    FUZZ_CHECK(scope != ADDRESS_UNSPECIFIED && scope != ADDRESS_MULTICAST && scope != ADDRESS_BROADCAST);
    FUZZ_CHECK(port >= 1024 || scope == ADDRESS_LOOPBACK || run.listener.low_ports);
    FUZZ_CHECK(!is_to_many(asked) || run.listener.answer_broadcast);
}

static void check_size(const struct asked *asked, size_t answer)
{
    size_t headers = address_is_ipv4(&asked->client) ? IP_HEADERS : IPV6_HEADERS;
    double most = (double)(asked->size + headers) * run.listener.max_amplification;

    FUZZ_CHECK(answer <= run.listener.max_datagram && answer <= run.listener.plan->longest);
    if (address_scope(&asked->client) == ADDRESS_GLOBAL)
        FUZZ_CHECK((double)(answer + headers) <= (most > ALWAYS ? most : ALWAYS));
}

static void check_answer(const struct msghdr *message)
{
    unsigned i = 0;

    while (i < run.count && run.asked[i].name != message->msg_name)
        i++;
    FUZZ_CHECK(i < run.count && !run.asked[i].answered);
    run.asked[i].answered = true;
    FUZZ_CHECK(message->msg_namelen == run.asked[i].client.length && message->msg_iovlen == 1);
    FUZZ_CHECK(memcmp(message->msg_name, &run.asked[i].client.sa, message->msg_namelen) == 0);
    if (run.listener.transport == TRANSPORT_UDP) {
        check_client(&run.asked[i]);
        check_size(&run.asked[i], message->msg_iov->iov_len);
    } else {
        FUZZ_CHECK(address_is_autobound(&run.asked[i].client));
    }
}

/* Every byte is looked at, so that a sanitizer sees what is not there. */
static unsigned sum(const struct iovec *bytes)
{
    unsigned total = 0;

    for (size_t i = 0; i < bytes->iov_len; i++)
        total += ((const unsigned char *)bytes->iov_base)[i];
    return total;
}

/* In the place of the kernel's; it takes some, and some not. */
int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    unsigned taken = (unsigned)input_number(&run.input, 1);

    (void)fd;
    (void)flags;
    errno = taken == 0xfe ? EINTR : ENOBUFS;
    if (taken >= 0xfe && run.input.left > 0)
        return -1;
    taken = taken % count + 1;
    for (unsigned i = 0; i < taken; i++) {
        static volatile unsigned sums;

        check_answer(&messages[i].msg_hdr);
        sums = sums + sum(messages[i].msg_hdr.msg_iov);
        run.bytes += (unsigned)messages[i].msg_hdr.msg_iov->iov_len;
    }
    run.sent += taken;
    return (int)taken;
}

/* --- A listener --- */

static void read_listener(void)
{
    unsigned flags = (unsigned)input_number(&run.input, 1);

    run.listener =
        (struct conf_listener){.name = "x",
                               .transport = flags & 1 ? TRANSPORT_UNIX_DGRAM : TRANSPORT_UDP,
                               .path = flags & 1 ? "/run/x.sock" : NULL,
                               .low_ports = flags & 2,
                               .answer_broadcast = flags & 4,
                               .max_datagram = 1 + (unsigned)input_number(&run.input, 2) % CONF_DATAGRAM_MAX,
                               .max_amplification = 1 + (double)input_number(&run.input, 1) / 8,
                               .rates = {.rate = (double)input_number(&run.input, 1), .burst = 3}};
    run.member.any = (flags & 8) && !(flags & 1);
    run.socket.address.sa.sa_family = flags & 1 ? AF_UNIX : flags & 16 ? AF_INET6 : AF_INET;
    run.socket.address.length = sizeof(run.socket.address.in6);
    address_set_port(&run.socket.address, OUR_PORT);
    if (!run.member.any && !(flags & 1))
        *(flags & 16 ? &run.socket.address.in6.sin6_addr.s6_addr[15]
                     : (uint8_t *)&run.socket.address.in.sin_addr) = 127;
}

static const struct plan *read_plan(struct arena *arena)
{
    static const struct host host = {.hostname = "host", .instance = "one"};
    const struct site site = {.host = &host, .listener = "x", .transport = run.listener.transport};
    struct template_errors errors;
    char *text = input_text(&run.input, CONF_DATAGRAM_MAX);
    const struct service *service = services_row(0);
    const struct plan *plan = service->compile(arena, text, strlen(text), &site, &errors);

    free(text);
    return plan && plan->longest <= run.listener.max_datagram ? plan : NULL; /* as the loader sees to */
}

static void set_up(void)
{
    run.ports[OUR_PORT / 64] = UINT64_C(1) << OUR_PORT % 64;
    run.conf = (struct conf){.listeners = &run.listener, .listener_count = 1, .udp_ports = run.ports};
    run.socket.fd = -1;
    run.member.socket = &run.socket;
    run.member.conf = &run.listener;
    run.loop = (struct loop){.epoll = -1, .alarm_fd = -1, .now = 1000 * NS_PER_S};
    run.acceptors =
        (struct acceptors){.loop = &run.loop, .shared = &run.shared, .guard = &run.guard, .log_wake_fd = -1};
    run.account.stats = &run.shared.stats;
    run.account.listeners = &run.clients;
    run.account.counted = &run.counted;
    run.limits = limiter_limits(&run.listener);
    run.guard = (struct guard){.loops = {.words = words[0], .count = WORDS},
                               .rates = {.words = words[1], .count = WORDS},
                               .conf = &run.conf,
                               .limits = &run.limits,
                               .stats = &run.shared.stats,
                               .board = &run.board};
    run.dgrams = (struct dgrams){.loop = &run.loop,
                                 .account = &run.account,
                                 .render = &run.render,
                                 .conf = &run.conf,
                                 .guard = &run.guard};
}

/* Each datagram has one result, and what was sent is what is counted. */
static void check_counts(void)
{
    struct tally tally = {0};

    stats_sum_listener(&tally, &run.clients);
    FUZZ_CHECK(tally.taken == run.received && tally_served(&tally) == run.received);
    FUZZ_CHECK(tally.results[RESULT_SENT] + tally.results[RESULT_TRUNCATED] == run.sent);
    FUZZ_CHECK(tally.bytes == run.bytes);
}

static void serve(void)
{
    static _Atomic uint32_t asleep;
    struct acceptor *acceptor;

    run.acceptors.logger_asleep = &asleep;
    FUZZ_CHECK(acceptors_open(&run.acceptors, 1) == 0 && dgrams_open(&run.dgrams) == 0);
    FUZZ_CHECK(render_open(&run.render, &run.conf, &(struct speaker){0},
                           &(struct shared){.notice = &run.notice}) == 0);
    acceptor = acceptors_add(&run.acceptors, &run.member, 0, &dgram_ops, &run.dgrams);
    acceptor->clients = account_listener(&run.account, 0);
    while (run.input.left > 0 && !acceptor->paused) {
        acceptor->ops->take(acceptor, EPOLLIN);
        run.loop.now += (int64_t)input_number(&run.input, 1) * 10 * NS_PER_MS;
    }
    render_close(&run.render);
    dgrams_close(&run.dgrams);
    acceptors_close(&run.acceptors);
    check_counts();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = room_open();

    memset(&run, 0, sizeof(run));
    memset((void *)words, 0, sizeof(words));
    run.input = (struct input){data, size};
    read_listener();
    run.listener.plan = read_plan(&arena);
    set_up();
    if (run.listener.plan)
        serve();
    room_close(&arena);
    return 0;
}
