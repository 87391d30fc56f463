/* SPDX-License-Identifier: MIT */
#include "client/mode/path_mtu.h"

#include "base/util.h"

#include <linux/errqueue.h> /* after time.h, whose types it uses */
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#define VOLLEY_MAX   20
#define SENDS        3                 /* of each datagram of a volley, since any may be lost */
#define ROUND_LEAST  (200 * NS_PER_MS) /* a busy server answers a volley in that time */
#define ROUND_MOST   NS_PER_S
#define PACKET_MAX   65535
#define TELLERS_MAX  8 /* routers one after the other that each name a smaller size */
#define HEADERS_IPV4 28
#define HEADERS_IPV6 48
#define FLOOR_IPV4   576 /* RFC 1122, section 3.3.3 */
#define FLOOR_IPV6   1280

enum shot_end { SHOT_LOST, SHOT_ARRIVED, SHOT_REFUSED, SHOT_TOO_LARGE };

/* A datagram of a certain size. */
struct shot {
    int size; /* bytes of the whole packet */
    int fd;
    enum shot_end end;
    int told;              /* REFUSED: by a router; TOO_LARGE: by this kernel */
    struct address teller; /* REFUSED */
};

struct search {
    struct path_mtu *mtu;
    const struct address *peer;
    struct dial_source source;
    int64_t round_ns;
    const struct patience *patience;
    int headers;
    int low, high; /* the largest that arrived, and the least above that did not */
};

/* --- One volley: datagrams of several sizes at once --- */

static bool open_shot(const struct search *search, struct shot *shot, int epoll_fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    shot->fd = dial_socket(search->peer, TRANSPORT_UDP, &search->source);
    return shot->fd >= 0 && connect(shot->fd, &search->peer->sa, search->peer->length) == 0 &&
           epoll_ctl(epoll_fd, EPOLL_CTL_ADD, shot->fd, &event) == 0;
}

static void note_refusal(struct shot *shot, const struct sock_extended_err *error)
{
    const struct sockaddr *offender = SO_EE_OFFENDER(error);

    if (error->ee_errno != EMSGSIZE || shot->end != SHOT_LOST)
        return;
    shot->told = error->ee_info < PACKET_MAX ? (int)error->ee_info : PACKET_MAX;
    shot->end = error->ee_origin == SO_EE_ORIGIN_LOCAL ? SHOT_TOO_LARGE : SHOT_REFUSED;
    if (shot->end == SHOT_TOO_LARGE)
        return;
    if (offender->sa_family == AF_INET)
        address_set(&shot->teller, offender, sizeof(struct sockaddr_in));
    else if (offender->sa_family == AF_INET6)
        address_set(&shot->teller, offender, sizeof(struct sockaddr_in6));
}

/* What comes back of a datagram that is too large, from a router or from this kernel. Until the queue is
 * empty it would end every wait. */
static void read_errors(struct shot *shot)
{
    _Alignas(struct cmsghdr) char control[256];
    struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};

    while (recvmsg(shot->fd, &message, MSG_ERRQUEUE) >= 0) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
            if (c->cmsg_len >= CMSG_LEN(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in)) &&
                ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                 (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)))
                note_refusal(shot, (const void *)CMSG_DATA(c));
        message = (struct msghdr){.msg_control = control, .msg_controllen = sizeof(control)};
    }
}

static void fire(const struct search *search, struct shot *shot)
{
    static const char zeros[PACKET_MAX];

    search->mtu->datagrams++;
    if (send(shot->fd, zeros, (size_t)(shot->size - search->headers), 0) < 0)
        read_errors(shot);
}

static void look(struct shot *shot)
{
    char answer;
    ssize_t n = recv(shot->fd, &answer, sizeof(answer), 0);

    if (n >= 0)
        shot->end = SHOT_ARRIVED;
    else
        read_errors(shot);
}

/* Whether a datagram's end is still to come. */
static bool look_at_all(struct shot *shots, size_t count)
{
    bool open = false;

    for (size_t i = 0; i < count; i++) {
        if (shots[i].end == SHOT_LOST)
            look(&shots[i]);
        open |= shots[i].end == SHOT_LOST;
    }
    return open;
}

static void fire_until_known(const struct search *search, struct shot *shots, size_t count, int epoll_fd)
{
    bool open = true;

    for (int sends = 1; open && sends <= SENDS; sends++) {
        /* The last of them has twice the time. */
        struct patience pause =
            patience_at_most(search->patience, search->round_ns / (sends == SENDS ? 2 : 2 * (SENDS - 1)));

        for (size_t i = 0; i < count; i++)
            if (shots[i].end == SHOT_LOST)
                fire(search, &shots[i]);
        do
            open = look_at_all(shots, count);
        while (open && monotonic_ns() < pause.until_ns &&
               patience_wait(&pause, epoll_fd, POLLIN) == PATIENCE_READY);
    }
}

/* Finds out what becomes of datagrams of the sizes in shots. False if this machine cannot send them. */
static bool volley(const struct search *search, struct shot *shots, size_t count)
{
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    bool opened = epoll_fd >= 0;

    for (size_t i = 0; i < count; i++)
        shots[i].fd = -1;
    for (size_t i = 0; i < count && opened; i++)
        opened = open_shot(search, &shots[i], epoll_fd);
    if (opened)
        fire_until_known(search, shots, count, epoll_fd);
    for (size_t i = 0; i < count; i++)
        close_fd(&shots[i].fd);
    close_fd(&epoll_fd);
    return opened;
}

/* --- The search --- */

static int floor_of(const struct search *search)
{
    return search->headers == HEADERS_IPV6 ? FLOOR_IPV6 : FLOOR_IPV4;
}

static void narrow(struct search *search, const struct shot *shots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (shots[i].end == SHOT_ARRIVED && shots[i].size > search->low)
            search->low = shots[i].size;
    if (search->high <= search->low)
        search->high = search->mtu->own + 1;
    for (size_t i = 0; i < count; i++)
        if (shots[i].end != SHOT_ARRIVED && shots[i].size > search->low && shots[i].size < search->high)
            search->high = shots[i].size;
}

static size_t common_sizes(const struct search *search, struct shot *shots)
{
    static const int sizes[] = {576,  1280, 1340, 1360, 1380, 1400, 1420, 1440, 1450,
                                1460, 1472, 1480, 1492, 1500, 4352, 8192, 9000, 16384};
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        if (sizes[i] > search->low && sizes[i] < search->high)
            shots[count++] = (struct shot){.size = sizes[i]};
    return count;
}

static size_t even_sizes(const struct search *search, struct shot *shots)
{
    int between = search->high - search->low - 1;
    int count = between < VOLLEY_MAX ? between : VOLLEY_MAX;

    for (int i = 0; i < count; i++)
        shots[i] = (struct shot){.size = search->low + (i + 1) * (between + 1) / (count + 1)};
    return (size_t)count;
}

static bool is_over(const struct search *search)
{
    return monotonic_ns() >= search->patience->until_ns;
}

/* Once more, because datagrams are lost for other reasons too: by a server that limits how many it answers.
 */
static void conclude(struct search *search)
{
    struct path_mtu *mtu = search->mtu;
    struct shot shots[] = {{.size = search->low}, {.size = search->high}};

    mtu->source = PATH_MTU_UNSURE;
    mtu->there = search->low >= floor_of(search) ? search->low : 0;
    if (mtu->there == 0 || search->high > mtu->own || is_over(search) || !volley(search, shots, 2))
        return;
    if (shots[1].end == SHOT_ARRIVED)
        mtu->there = search->high;
    if (mtu->there == mtu->own)
        mtu->source = PATH_MTU_OWN;
    else if (shots[0].end == SHOT_ARRIVED && shots[1].end != SHOT_ARRIVED && search->high == search->low + 1)
        mtu->source = PATH_MTU_FOUND;
}

/* Larger ones are lost without a word, or what was said of them is not so. */
static void search_between(struct search *search)
{
    struct shot shots[VOLLEY_MAX];
    size_t count = common_sizes(search, shots);
    bool sent = true;

    while (count > 0 && sent && !is_over(search)) {
        sent = volley(search, shots, count);
        if (sent)
            narrow(search, shots, count);
        count = search->high - search->low > 1 ? even_sizes(search, shots) : 0;
    }
    conclude(search);
}

/* A router named a size: it must arrive, and a larger one must not. Returns whether that settles it; if not,
 * low and high say what is known. */
static bool believe(struct search *search, const struct shot *refused)
{
    struct shot shots[2];
    struct shot from = *refused;

    for (int i = 0; i < TELLERS_MAX; i++) {
        if (from.told < floor_of(search) || from.told >= from.size)
            return false;
        shots[0] = (struct shot){.size = from.told};
        shots[1] = (struct shot){.size = from.told + 1};
        if (!volley(search, shots, from.told + 1 < from.size ? 2 : 1))
            return false;
        narrow(search, shots, from.told + 1 < from.size ? 2 : 1);
        if (shots[0].end != SHOT_REFUSED) {
            search->mtu->teller = from.teller;
            return search->low == from.told;
        }
        from = shots[0];
    }
    return false;
}

/* What no interface takes fails here, and the kernel says what the own one does take. */
static int own_size(const struct search *search)
{
    struct shot shot = {.size = PACKET_MAX};

    if (!volley(search, &shot, 1))
        return 0;
    return shot.end == SHOT_TOO_LARGE ? shot.told : shot.size;
}

static void settle(struct search *search)
{
    struct path_mtu *mtu = search->mtu;
    struct shot shot = {.size = mtu->own};

    search->low = floor_of(search) - 1;
    search->high = mtu->own + 1;
    if (!volley(search, &shot, 1))
        return;
    narrow(search, &shot, 1);
    if (shot.end == SHOT_ARRIVED) {
        mtu->source = PATH_MTU_OWN;
        mtu->there = mtu->own;
    } else if (shot.end == SHOT_REFUSED && believe(search, &shot)) {
        mtu->source = PATH_MTU_TOLD;
        mtu->there = search->low;
    } else {
        search_between(search);
    }
}

void path_mtu_search(struct path_mtu *mtu, const struct address *peer, const struct dial_source *source,
                     int64_t rtt_ns, const struct patience *patience)
{
    bool is_ipv6 = peer->sa.sa_family == AF_INET6;
    int64_t round_ns = rtt_ns > 0 ? 4 * rtt_ns + ROUND_LEAST : ROUND_MOST;
    struct search search = {.mtu = mtu,
                            .peer = peer,
                            .source = *source,
                            .round_ns = round_ns < ROUND_MOST ? round_ns : ROUND_MOST,
                            .patience = patience,
                            .headers = is_ipv6 ? HEADERS_IPV6 : HEADERS_IPV4};

    *mtu = (struct path_mtu){.source = PATH_MTU_NOT_SEARCHED};
    search.source.port = 0;
    search.source.df = true;
    mtu->own = own_size(&search);
    if (mtu->own > search.headers)
        settle(&search);
}
