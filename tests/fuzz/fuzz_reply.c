/* SPDX-License-Identifier: MIT */
/* What the client makes of a reply. The first byte is how it was asked and what it is to print, the second
 * how the server ends; the rest is the reply, in pieces that end with a byte of 0xff each. What comes to a
 * terminal is text, and to a file what the server has sent. */
#include "base/printable.h"
#include "base/util.h"
#include "client/mode/visits.h"
#include "client/report/events.h"
#include "client/report/lines.h"
#include "client/report/once.h"
#include "client/streams.h"
#include "fuzz.h"

#include <jansson.h>
#include <locale.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define SIZE_MAX_TRIED 32768 /* fits into a socket's buffer */
#define SOON           (2 * NS_PER_MS)

enum {
    FLAG_DATAGRAM = 1,
    FLAG_COUNTING = 2,
    FLAG_TERMINAL = 4,
    FLAG_VERBOSE = 8,
    FLAG_QUIET = 16,
    FLAG_JSON = 32
};
enum { END_CLOSE, END_NEVER, ENDS };

/* The other end, and what it will say; and who hears what came of it, in front of a writer of the client. */
struct server {
    const uint8_t *bytes;
    size_t size;
    int fd;
    int client; /* -1: none is connected */
    unsigned end;
    struct report writer;
    bool answered;
};

static int fail_never(void *context, int fd)
{
    (void)context;
    (void)fd;
    return 0;
}

static size_t piece_length(const uint8_t *bytes, size_t size)
{
    const uint8_t *mark = memchr(bytes, 0xff, size);

    return mark ? (size_t)(mark - bytes) : size;
}

static void say(const struct server *server, const struct address *to, const uint8_t *bytes, size_t size)
{
    ssize_t n = server->client >= 0 ? send(server->client, bytes, size, MSG_DONTWAIT)
                                    : sendto(server->fd, bytes, size, MSG_DONTWAIT, &to->sa, to->length);

    FUZZ_CHECK(n == (ssize_t)size || errno == EAGAIN);
}

static void say_all(const struct server *server, const struct address *to)
{
    for (size_t at = 0; at < server->size;) {
        size_t length = piece_length(server->bytes + at, server->size - at);

        say(server, to, server->bytes + at, length);
        at += length + 1;
    }
}

static void on_step(void *context, const struct request *request, const struct attempt *attempt,
                    enum request_step step)
{
    struct server *server = context;

    server->writer.ops->step(server->writer.context, request, attempt, step);
    if (step != REQUEST_CONNECTED)
        return;
    if (attempt->transport == TRANSPORT_UNIX) {
        server->client = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
        FUZZ_CHECK(server->client >= 0);
    }
    say_all(server, &attempt->local);
    if (server->end == END_CLOSE)
        close_fd(&server->client);
}

/* --- What was printed --- */

static void check_text(const char *text, size_t size)
{
    unsigned marks = 0;
    char before = 0;

    for (size_t at = 0, length; at < size; at += length) {
        uint32_t c;

        length = printable_read(text + at, size - at, &c);
        FUZZ_CHECK(before != '\r' || c == '\n');
        FUZZ_CHECK(c == '\n' || c == '\t' || c == '\r' || printable_shows(c, &marks));
        before = (char)(c < 0x80 ? c : 0);
    }
    FUZZ_CHECK(size == 0 || text[size - 1] == '\n');
}

static void check_json(const char *text, size_t size)
{
    json_t *event;

    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);

        FUZZ_CHECK(end);
        event = json_loadb(text + at, (size_t)(end - text) - at, JSON_ALLOW_NUL, NULL);
        FUZZ_CHECK(json_is_object(event) && json_is_string(json_object_get(event, "event")));
        json_decref(event);
        at = (size_t)(end - text) + 1;
    }
}

/* A stream's greeting is all that was sent, a datagram's its first piece. */
static void check_answer(const struct server *server, const char *answer, size_t length)
{
    size_t at = 0;

    for (size_t i = 0; i < server->size && at < length; i++)
        if (server->bytes[i] != 0xff)
            FUZZ_CHECK((uint8_t)answer[at++] == server->bytes[i]);
    FUZZ_CHECK(at == length);
}

static void on_end(void *context, const struct visit *visit, const struct request *request,
                   const struct result *result)
{
    struct server *server = context;

    server->answered = result->outcome == OUTCOME_ANSWERED;
    FUZZ_CHECK(result->outcome != OUTCOME_LOCAL);
    if (server->answered)
        check_answer(server, result->answer, result->answer_length);
    else
        FUZZ_CHECK(*result->text && fuzz_is_plain(result->text));
    server->writer.ops->ended(server->writer.context, visit, request, result);
}

static void check_output(const struct server *server, const struct cmdline *cmdline, bool terminal, int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = malloc((size_t)size + 1);

    FUZZ_CHECK(text && pread(fd, text, (size_t)size, 0) == size);
    if (cmdline->json)
        check_json(text, (size_t)size);
    else if (cmdline->counting || terminal)
        check_text(text, (size_t)size);
    else if (cmdline->quiet || !server->answered)
        FUZZ_CHECK(size == 0);
    else
        check_answer(server, text, (size_t)size);
    free(text);
}

/* --- Asking --- */

static void do_nothing(void *context)
{
    (void)context;
}

static void ask(struct server *server, const struct cmdline *cmdline, const struct target_list *targets)
{
    static const struct report_ops ops = {.step = on_step, .ended = on_end};
    struct loop loop;
    struct visits visits = {.loop = &loop, .cmdline = cmdline, .report = {&ops, server}, .idle = do_nothing};

    FUZZ_CHECK(loop_open(&loop) == 0 && visits_open(&visits, targets) == 0);
    visits_ask(&visits, 1);
    while (visits.outstanding > 0)
        FUZZ_CHECK(loop_turn(&loop) == 0);
    FUZZ_CHECK(visits.list[0].statistics.sent == 1 && visits.list[0].statistics.answered == server->answered);
    visits_close(&visits);
    loop_close(&loop);
    close_fd(&server->client);
}

/* Listens at a name that the kernel chooses. */
static int open_server(struct target *target)
{
    int type = transport_socket_type(target->endpoint.transport);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    struct address address = {.length = sizeof(sa_family_t), .un.sun_family = AF_UNIX};

    FUZZ_CHECK(fd >= 0 && bind(fd, &address.sa, address.length) == 0);
    address.length = sizeof(address.un);
    FUZZ_CHECK(getsockname(fd, &address.sa, &address.length) == 0);
    FUZZ_CHECK(type != SOCK_STREAM || listen(fd, 1) == 0);
    address_host(&address, target->endpoint.path, sizeof(target->endpoint.path));
    return fd;
}

/* The writers tell their steps only with -v. */
static struct report writer_of(struct streams *streams, const struct cmdline *cmdline, bool terminal)
{
    static struct once once;
    static struct lines lines;
    static struct events events;
    const struct terminal screen = {.is_terminal = terminal, .width = 80};

    once = (struct once){
        .streams = streams, .terminal = screen, .quiet = cmdline->quiet, .verbose = cmdline->verbose};
    lines = (struct lines){
        .streams = streams, .terminal = screen, .quiet = cmdline->quiet, .verbose = cmdline->verbose};
    events = (struct events){.streams = streams, .cmdline = cmdline};
    if (cmdline->json)
        return (struct report){&events_ops, &events};
    return cmdline->counting ? (struct report){&lines_ops, &lines} : (struct report){&once_ops, &once};
}

static void run(struct server *server, unsigned flags)
{
    struct target target = {.label = "x"};
    const struct target_list targets = {.targets = &target, .count = 1};
    struct streams streams = {0};
    bool may_wait = server->end == END_CLOSE && !(flags & FLAG_DATAGRAM);
    const struct cmdline cmdline = {.counting = flags & FLAG_COUNTING,
                                    .verbose = flags & FLAG_VERBOSE,
                                    .quiet = flags & FLAG_QUIET,
                                    .json = flags & FLAG_JSON,
                                    .timeout_ns = may_wait ? 60 * NS_PER_S : SOON};
    int fd = memfd_create("output", MFD_CLOEXEC);

    target.endpoint.transport = flags & FLAG_DATAGRAM ? TRANSPORT_UNIX_DGRAM : TRANSPORT_UNIX;
    server->fd = open_server(&target);
    FUZZ_CHECK(fd >= 0 && output_open_waiting(&streams.output, fd, fail_never, NULL) == 0);
    server->writer = writer_of(&streams, &cmdline, flags & FLAG_TERMINAL);
    ask(server, &cmdline, &targets);
    FUZZ_CHECK(output_flush(&streams.output) == 0);
    check_output(server, &cmdline, flags & FLAG_TERMINAL, fd);
    output_close(&streams.output);
    close(server->fd);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned flags = (unsigned)input_number(&input, 1);
    struct server server = {.client = -1, .end = (unsigned)input_number(&input, 1) % ENDS};
    FILE *errors = stderr;
    char *said = NULL;
    size_t length;

    if (size > SIZE_MAX_TRIED)
        return 0;
    server.bytes = input.at;
    server.size = input.left;
    setlocale(LC_ALL, "C.UTF-8");
    stderr = open_memstream(&said, &length);
    FUZZ_CHECK(stderr);
    run(&server, flags);
    fclose(stderr);
    stderr = errors;
    check_text(said, length);
    free(said);
    return 0;
}
