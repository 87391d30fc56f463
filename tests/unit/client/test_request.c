/* SPDX-License-Identifier: MIT */
#include "client/ask/request.h"

#include "base/util.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Servers on loopback addresses of one port, so that they can be the addresses of one name. */
#define ADDRESSES_MAX 4

enum server {
    GREETS,
    SILENT,  /* accepts, and says nothing */
    CLOSES,  /* at once */
    REFUSES, /* nobody listens */
    FULL     /* whose queue takes no more: no answer to a connection request */
};

static struct loop loop;
static char scratch[REQUEST_SETTINGS_SCRATCH];
static const struct dial_source no_source;
static struct request_settings settings;
static struct target target;
static struct address list[ADDRESSES_MAX];
static struct addresses addresses;
static int servers[ADDRESSES_MAX];
static enum server kinds[ADDRESSES_MAX];
static int fillers[8];
static int trying, given_up, ended;

static void take_step(void *context, const struct request *request, const struct attempt *attempt,
                      enum request_step step)
{
    (void)context, (void)request, (void)attempt;
    trying += step == REQUEST_TRYING;
    given_up += step == REQUEST_GIVEN_UP;
}

static void take_end(void *context, struct request *request)
{
    (void)context, (void)request;
    ended++;
}

static const struct request_owner owner = {.step = take_step, .ended = take_end};

static struct address loopback(int last, uint16_t port)
{
    struct address address = {.in = {.sin_family = AF_INET,
                                     .sin_port = htons(port),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)last)},
                              .length = sizeof(struct sockaddr_in)};

    return address;
}

static void fill(int server)
{
    listen(servers[server], 0);
    for (size_t i = 0; i < ARRAY_SIZE(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        cr_assert_geq(fillers[i], 0);
        connect(fillers[i], &list[server].sa, list[server].length);
    }
}

static void open_server(int i, int type, uint16_t *port)
{
    socklen_t length = sizeof(struct sockaddr_in);

    list[i] = loopback(i, *port);
    servers[i] = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(servers[i], &list[i].sa, list[i].length), 0);
    cr_assert_eq(getsockname(servers[i], &list[i].sa, &length), 0);
    *port = ntohs(list[i].in.sin_port);
    if (type == SOCK_STREAM && kinds[i] != REFUSES)
        cr_assert_eq(listen(servers[i], 16), 0);
    if (kinds[i] == FULL)
        fill(i);
    if (type == SOCK_DGRAM && kinds[i] == REFUSES)
        close_fd(&servers[i]);
}

/* All of these, at addresses of their own. */
static void open_servers(enum transport transport, const enum server *kind, size_t count, int64_t timeout_ns)
{
    uint16_t port = 0;

    trying = given_up = ended = 0;
    cr_assert_eq(loop_open(&loop), 0);
    settings = (struct request_settings){
        .loop = &loop, .scratch = scratch, .source = &no_source, .timeout_ns = timeout_ns, .pad = 1};
    target = (struct target){.endpoint = {.transport = transport, .host = "name", .port = "1"}};
    addresses = (struct addresses){.list = list, .count = count};
    for (size_t i = 0; i < count; i++) {
        kinds[i] = kind[i];
        open_server((int)i, transport_socket_type(transport), &port);
    }
}

static void serve_stream(int i)
{
    int client = accept4(servers[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (client < 0)
        return;
    if (kinds[i] == GREETS)
        cr_assert_eq(send(client, "hello\n", 6, MSG_NOSIGNAL), 6);
    if (kinds[i] != SILENT)
        close(client);
}

static void serve_dgram(int i)
{
    struct address from = {.length = sizeof(from.un)};
    char bytes[16];

    if (recvfrom(servers[i], bytes, sizeof(bytes), MSG_DONTWAIT, &from.sa, &from.length) > 0 &&
        kinds[i] == GREETS)
        cr_assert_eq(sendto(servers[i], "hello\n", 6, 0, &from.sa, from.length), 6);
}

static void serve(void)
{
    for (size_t i = 0; i < addresses.count; i++) {
        if (servers[i] < 0 || kinds[i] == REFUSES || kinds[i] == FULL)
            continue;
        if (transport_socket_type(target.endpoint.transport) == SOCK_STREAM) {
            cr_assert_eq(fcntl(servers[i], F_SETFL, O_NONBLOCK), 0);
            serve_stream((int)i);
        } else {
            serve_dgram((int)i);
        }
    }
}

static void look(void *context)
{
    struct loop_timer *timer = context;

    serve();
    cr_assert(loop_set(&loop, timer, monotonic_ns() + NS_PER_MS));
}

/* Asks once, and returns the request once it has ended. */
static struct request *ask(void)
{
    struct loop_timer timer = {.due = look, .context = &timer};
    struct request *request = request_new(&settings, &owner, &target, 1);

    cr_assert_not_null(request);
    cr_assert(loop_set(&loop, &timer, monotonic_ns()));
    request_race(request, &addresses);
    while (ended == 0)
        cr_assert_eq(loop_turn(&loop), 0);
    loop_unset(&loop, &timer);
    cr_assert_eq(ended, 1);
    return request;
}

/* Nothing is left behind: no timer, no descriptor in the loop. */
static void finish(struct request *request)
{
    request_free(request);
    cr_assert_eq(loop.timer_count, 0);
    loop_close(&loop);
    for (size_t i = 0; i < addresses.count; i++)
        close_fd(&servers[i]);
}

static void assert_answered_by(const struct request *request, int server)
{
    cr_assert_eq(request->outcome, OUTCOME_ANSWERED, "%s", request->text);
    cr_assert(address_equal(&request->decisive->peer, &list[server]));
    cr_assert_eq(request->decisive->length, 6);
    cr_assert_eq(memcmp(request->decisive->greeting, "hello\n", 6), 0);
    cr_assert_gt(request_time(request), 0);
    cr_assert_leq(request_first_byte(request), request_time(request));
}

#define SERVERS(...) (enum server[]){__VA_ARGS__}, sizeof((enum server[]){__VA_ARGS__}) / sizeof(enum server)

Test(request, the_first_that_answers)
{
    struct request *request;

    open_servers(TRANSPORT_TCP, SERVERS(GREETS, GREETS), 30 * NS_PER_S);
    request = ask();
    assert_answered_by(request, 0);
    cr_assert(trying == 1 || request_time(request) >= 250 * NS_PER_MS,
              "the second was tried before its time");
    finish(request);
}

/* After a failure the next address is tried at once. */
Test(request, goes_on_at_once_after_a_failure)
{
    struct request *request;

    open_servers(TRANSPORT_TCP, SERVERS(REFUSES, REFUSES, GREETS), 30 * NS_PER_S);
    request = ask();
    assert_answered_by(request, 2);
    cr_assert_eq(trying, 3);
    cr_assert_eq(given_up, 2);
    cr_assert_lt(request_time(request), 490 * NS_PER_MS); /* 500 if each had waited for its turn */
    cr_assert_eq(request->attempts[0].outcome, OUTCOME_REFUSED);
    finish(request);
}

Test(request, of_a_closed_one_goes_on_to_the_next)
{
    struct request *request;

    open_servers(TRANSPORT_TCP, SERVERS(CLOSES, GREETS), 30 * NS_PER_S);
    request = ask();
    assert_answered_by(request, 1);
    cr_assert_eq(request->attempts[0].outcome, OUTCOME_OTHER);
    finish(request);
}

/* The first has a quarter of a second to connect; then the second is tried beside it, and wins. */
Test(request, a_dead_address_costs_a_quarter_of_a_second)
{
    struct request *request;

    open_servers(TRANSPORT_TCP, SERVERS(FULL, GREETS), 30 * NS_PER_S);
    request = ask();
    assert_answered_by(request, 1);
    cr_assert_geq(request_time(request), 250 * NS_PER_MS);
    cr_assert(request->attempts[0].cancelled);
    finish(request);
}

/* Who is connected has won the race: a greeting that is long in coming is waited for, and of that one only.
 */
Test(request, a_connection_ends_the_race)
{
    struct request *request;

    open_servers(TRANSPORT_TCP, SERVERS(SILENT, GREETS), NS_PER_S);
    request = ask();
    cr_assert_eq(request->outcome, OUTCOME_TIMEOUT);
    cr_assert_eq(request->phase, PHASE_GREETING);
    cr_assert_eq(trying, 1);
    cr_assert_not_null(strstr(request->text, "but no greeting in 1.0 s"), "%s", request->text);
    finish(request);
}

/* Of datagrams an answer wins, and all that were asked stay open until then. */
Test(request, datagrams_race_for_the_answer)
{
    struct request *request;

    open_servers(TRANSPORT_UDP, SERVERS(SILENT, REFUSES, SILENT, GREETS), 30 * NS_PER_S);
    request = ask();
    assert_answered_by(request, 3);
    cr_assert_eq(trying, 4);
    cr_assert(request->attempts[0].cancelled);
    cr_assert_eq(request->attempts[1].outcome, OUTCOME_REFUSED);
    finish(request);
}

/* All addresses together have the time of one. */
Test(request, all_end_at_the_deadline)
{
    struct request *request;

    open_servers(TRANSPORT_UDP, SERVERS(SILENT, SILENT, SILENT), 400 * NS_PER_MS);
    request = ask();
    cr_assert_eq(request->outcome, OUTCOME_TIMEOUT);
    cr_assert_eq(trying, 3);
    cr_assert_eq(given_up, 3);
    cr_assert_geq(monotonic_ns() - request->started_ns, 400 * NS_PER_MS);
    cr_assert_eq(request->decisive, &request->attempts[0]);
    finish(request);
}

/* Which failure is told: the one that came furthest. */
Test(request, the_failure_that_came_furthest)
{
    struct request *request;

    open_servers(TRANSPORT_TCP, SERVERS(REFUSES, CLOSES, REFUSES), 30 * NS_PER_S);
    request = ask();
    cr_assert_eq(request->outcome, OUTCOME_OTHER);
    cr_assert_eq(request->decisive, &request->attempts[1]);
    cr_assert_not_null(strstr(request->text, "closed without a greeting"));
    finish(request);
}

Test(request, of_a_name_without_an_address)
{
    struct request *request;

    open_servers(TRANSPORT_TCP, NULL, 0, NS_PER_S);
    addresses.code = EAI_NONAME;
    request = ask();
    cr_assert_eq(request->outcome, OUTCOME_DNS);
    cr_assert_null(request->decisive);
    cr_assert_str_eq(request->text, "no such host");
    finish(request);
}

/* What this machine lacks is no answer about the name. */
Test(request, of_a_name_that_cannot_be_looked_up)
{
    struct request *request;

    open_servers(TRANSPORT_TCP, NULL, 0, NS_PER_S);
    addresses.code = EAI_SYSTEM;
    addresses.error = EAGAIN;
    request = ask();
    cr_assert_eq(request->outcome, OUTCOME_LOCAL);
    cr_assert_str_eq(request->text, "cannot look up the name: resource temporarily unavailable");
    finish(request);
}

/* The name is not looked up in time. */
Test(request, waits_for_addresses_no_longer_than_its_time)
{
    struct request *request;

    open_servers(TRANSPORT_TCP, NULL, 0, 100 * NS_PER_MS);
    request = request_new(&settings, &owner, &target, 1);
    while (ended == 0)
        cr_assert_eq(loop_turn(&loop), 0);
    cr_assert_eq(request->outcome, OUTCOME_DNS);
    cr_assert_str_eq(request->text, "the name service did not answer in 0.1 s");
    finish(request);
}

/* One that is given up with attempts at work leaves nothing in the loop. */
Test(request, is_freed_while_it_is_at_work)
{
    struct request *request;

    open_servers(TRANSPORT_TCP, SERVERS(FULL, FULL), 30 * NS_PER_S);
    request = request_new(&settings, &owner, &target, 1);
    request_race(request, &addresses);
    while (trying < 2)
        cr_assert_eq(loop_turn(&loop), 0);
    finish(request);
    cr_assert_eq(ended, 0);
}
