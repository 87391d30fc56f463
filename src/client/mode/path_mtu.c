/* SPDX-License-Identifier: MIT */
#include "client/mode/path_mtu.h"

#include "base/util.h"

#include <linux/errqueue.h> /* after time.h, whose types it uses */
#include <poll.h>
#include <sys/epoll.h>

#define BURST_MAX    20
#define SENDS        3                 /* of each datagram of a burst, since it may be lost */
#define ROUND_LEAST  (200 * NS_PER_MS) /* a busy server answers a burst in that time */
#define ROUND_MOST   NS_PER_S
#define PACKET_MAX   65535
#define ROUTERS_MAX  8 /* routers in a row that each report a smaller MTU */
#define HEADERS_IPV4 28
#define HEADERS_IPV6 48
#define FLOOR_IPV4   576 /* RFC 1122, section 3.3.3 */
#define FLOOR_IPV6   1280

enum probe_end { PROBE_LOST, PROBE_ARRIVED, PROBE_REFUSED, PROBE_TOO_LARGE };

/* A datagram of one size. */
struct probe {
    int size; /* bytes of the whole packet */
    int fd;
    enum probe_end end;
    int reported;          /* REFUSED: by a router; TOO_LARGE: by this kernel */
    struct address router; /* REFUSED */
};

struct search {
    struct path_mtu *mtu;
    const struct address *peer;
    struct dial_source source;
    int64_t round_ns;
    const struct deadline *deadline;
    int headers;
    int low, high; /* the largest size that arrived, and the smallest above it that did not */
};

static bool open_probe(const struct search *search, struct probe *probe, int epoll_fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    probe->fd = dial_socket(search->peer, TRANSPORT_UDP, &search->source);
    return probe->fd >= 0 && connect(probe->fd, &search->peer->sa, search->peer->length) == 0 &&
           epoll_ctl(epoll_fd, EPOLL_CTL_ADD, probe->fd, &event) == 0;
}

static void note_refusal(struct probe *probe, const struct sock_extended_err *error)
{
    const struct sockaddr *offender = SO_EE_OFFENDER(error);

    if (error->ee_errno != EMSGSIZE || probe->end != PROBE_LOST)
        return;
    probe->reported = error->ee_info < PACKET_MAX ? (int)error->ee_info : PACKET_MAX;
    probe->end = error->ee_origin == SO_EE_ORIGIN_LOCAL ? PROBE_TOO_LARGE : PROBE_REFUSED;
    if (probe->end == PROBE_TOO_LARGE)
        return;
    if (offender->sa_family == AF_INET)
        address_set(&probe->router, offender, sizeof(struct sockaddr_in));
    else if (offender->sa_family == AF_INET6)
        address_set(&probe->router, offender, sizeof(struct sockaddr_in6));
}

/* Reads the errors about a datagram that is too large, from a router or from this kernel. As long as the
 * queue is not empty, every wait ends at once. */
static void read_errors(struct probe *probe)
{
    _Alignas(struct cmsghdr) char control[256];
    struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};

    while (recvmsg(probe->fd, &message, MSG_ERRQUEUE) >= 0) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
            if (c->cmsg_len >= CMSG_LEN(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in)) &&
                ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                 (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)))
                note_refusal(probe, (const void *)CMSG_DATA(c));
        message = (struct msghdr){.msg_control = control, .msg_controllen = sizeof(control)};
    }
}

static void send_probe(const struct search *search, struct probe *probe)
{
    static const char zeros[PACKET_MAX];

    search->mtu->datagrams++;
    if (send(probe->fd, zeros, (size_t)(probe->size - search->headers), 0) < 0)
        read_errors(probe);
}

static void receive_answer(struct probe *probe)
{
    char answer;
    ssize_t n = recv(probe->fd, &answer, sizeof(answer), 0);

    if (n >= 0)
        probe->end = PROBE_ARRIVED;
    else
        read_errors(probe);
}

/* Returns whether the result of a probe is still unknown. */
static bool receive_answers(struct probe *probes, size_t count)
{
    bool open = false;

    for (size_t i = 0; i < count; i++) {
        if (probes[i].end == PROBE_LOST)
            receive_answer(&probes[i]);
        open |= probes[i].end == PROBE_LOST;
    }
    return open;
}

static void send_until_known(const struct search *search, struct probe *probes, size_t count, int epoll_fd)
{
    bool open = true;

    for (int sends = 1; open && sends <= SENDS; sends++) {
        /* The last one has twice the time. */
        struct deadline pause =
            deadline_at_most(search->deadline, search->round_ns / (sends == SENDS ? 2 : 2 * (SENDS - 1)));

        for (size_t i = 0; i < count; i++)
            if (probes[i].end == PROBE_LOST)
                send_probe(search, &probes[i]);
        do
            open = receive_answers(probes, count);
        while (open && monotonic_ns() < pause.until_ns &&
               deadline_wait(&pause, epoll_fd, POLLIN) == DEADLINE_READY);
    }
}

/* Finds out whether datagrams of the sizes in probes arrive. False if this machine cannot send them. */
static bool burst(const struct search *search, struct probe *probes, size_t count)
{
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    bool opened = epoll_fd >= 0;

    for (size_t i = 0; i < count; i++)
        probes[i].fd = -1;
    for (size_t i = 0; i < count && opened; i++)
        opened = open_probe(search, &probes[i], epoll_fd);
    if (opened)
        send_until_known(search, probes, count, epoll_fd);
    for (size_t i = 0; i < count; i++)
        close_fd(&probes[i].fd);
    close_fd(&epoll_fd);
    return opened;
}

static int floor_of(const struct search *search)
{
    return search->headers == HEADERS_IPV6 ? FLOOR_IPV6 : FLOOR_IPV4;
}

static void narrow(struct search *search, const struct probe *probes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (probes[i].end == PROBE_ARRIVED && probes[i].size > search->low)
            search->low = probes[i].size;
    if (search->high <= search->low)
        search->high = search->mtu->own + 1;
    for (size_t i = 0; i < count; i++)
        if (probes[i].end != PROBE_ARRIVED && probes[i].size > search->low && probes[i].size < search->high)
            search->high = probes[i].size;
}

static size_t common_sizes(const struct search *search, struct probe *probes)
{
    static const int sizes[] = {576,  1280, 1340, 1360, 1380, 1400, 1420, 1440, 1450,
                                1460, 1472, 1480, 1492, 1500, 4352, 8192, 9000, 16384};
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        if (sizes[i] > search->low && sizes[i] < search->high)
            probes[count++] = (struct probe){.size = sizes[i]};
    return count;
}

static size_t even_sizes(const struct search *search, struct probe *probes)
{
    int between = search->high - search->low - 1;
    int count = between < BURST_MAX ? between : BURST_MAX;

    for (int i = 0; i < count; i++)
        probes[i] = (struct probe){.size = search->low + (i + 1) * (between + 1) / (count + 1)};
    return (size_t)count;
}

static bool is_over(const struct search *search)
{
    return monotonic_ns() >= search->deadline->until_ns;
}

/* Tries both sizes again, because datagrams are also lost for other reasons, such as a rate limit of the
 * server. The larger one is sent first, so that it is more likely to get an answer if the server has only one
 * left.
 */
static void confirm(struct search *search)
{
    struct path_mtu *mtu = search->mtu;
    struct probe probes[] = {{.size = search->high}, {.size = search->low}};

    mtu->source = PATH_MTU_UNSURE;
    mtu->there = search->low >= floor_of(search) ? search->low : 0;
    if (mtu->there == 0 || search->high > mtu->own || is_over(search) || !burst(search, probes, 2))
        return;
    if (probes[0].end == PROBE_ARRIVED)
        mtu->there = search->high;
    if (mtu->there == mtu->own)
        mtu->source = PATH_MTU_OWN;
    else if (probes[0].end != PROBE_ARRIVED && probes[1].end == PROBE_ARRIVED &&
             search->high == search->low + 1)
        mtu->source = PATH_MTU_FOUND;
}

/* For datagrams that are lost without a report, or with a wrong one. */
static void search_between(struct search *search)
{
    struct probe probes[BURST_MAX];
    size_t count = common_sizes(search, probes);
    bool sent = true;

    while (count > 0 && sent && !is_over(search)) {
        sent = burst(search, probes, count);
        if (sent)
            narrow(search, probes, count);
        count = search->high - search->low > 1 ? even_sizes(search, probes) : 0;
    }
    confirm(search);
}

/* Verifies the size that a router reported: it must arrive, and a larger one must not. Returns whether this
 * is the path MTU; if not, low and high have what is known. */
static bool verify_report(struct search *search, const struct probe *refused)
{
    struct probe probes[2];
    struct probe from = *refused;

    for (int i = 0; i < ROUTERS_MAX; i++) {
        if (from.reported < floor_of(search) || from.reported >= from.size)
            return false;
        probes[0] = (struct probe){.size = from.reported};
        probes[1] = (struct probe){.size = from.reported + 1};
        if (!burst(search, probes, from.reported + 1 < from.size ? 2 : 1))
            return false;
        narrow(search, probes, from.reported + 1 < from.size ? 2 : 1);
        if (probes[0].end != PROBE_REFUSED) {
            search->mtu->router = from.router;
            return search->low == from.reported;
        }
        from = probes[0];
    }
    return false;
}

/* A packet that is too large for any interface fails here, and the kernel reports the MTU of the interface.
 */
static int own_size(const struct search *search)
{
    struct probe probe = {.size = PACKET_MAX};

    if (!burst(search, &probe, 1))
        return 0;
    return probe.end == PROBE_TOO_LARGE ? probe.reported : probe.size;
}

static void search_up(struct search *search)
{
    struct path_mtu *mtu = search->mtu;
    struct probe probe = {.size = mtu->own};

    search->low = floor_of(search) - 1;
    search->high = mtu->own + 1;
    if (!burst(search, &probe, 1))
        return;
    narrow(search, &probe, 1);
    if (probe.end == PROBE_ARRIVED) {
        mtu->source = PATH_MTU_OWN;
        mtu->there = mtu->own;
    } else if (probe.end == PROBE_REFUSED && verify_report(search, &probe)) {
        mtu->source = PATH_MTU_REPORTED;
        mtu->there = search->low;
    } else {
        search_between(search);
    }
}

void path_mtu_search(struct path_mtu *mtu, const struct address *peer, const struct dial_source *source,
                     int64_t rtt_ns, const struct deadline *deadline)
{
    bool is_ipv6 = peer->sa.sa_family == AF_INET6;
    int64_t round_ns = rtt_ns > 0 ? 4 * rtt_ns + ROUND_LEAST : ROUND_MOST;
    struct search search = {.mtu = mtu,
                            .peer = peer,
                            .source = *source,
                            .round_ns = round_ns < ROUND_MOST ? round_ns : ROUND_MOST,
                            .deadline = deadline,
                            .headers = is_ipv6 ? HEADERS_IPV6 : HEADERS_IPV4};

    *mtu = (struct path_mtu){.source = PATH_MTU_NOT_SEARCHED};
    search.source.port = 0;
    search.source.df = true;
    mtu->own = own_size(&search);
    if (mtu->own > search.headers)
        search_up(&search);
}
