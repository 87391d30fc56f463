/* SPDX-License-Identifier: MIT */
/* What the client makes of a reply. The first byte is how it was asked and what it is to print, the second
 * how the server ends; the rest is the reply, in pieces that end with a byte of 0xff each. What comes to a
 * terminal is text, and to a file what the server has sent. */
#include "base/util.h"
#include "client/report/text.h"
#include "fuzz.h"

#include <locale.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <wchar.h>
#include <wctype.h>

#define SIZE_MAX_TRIED 32768 /* fits into a socket's buffer */
#define SOON           (2 * NS_PER_MS)

enum { FLAG_DATAGRAM = 1, FLAG_COUNTING = 2, FLAG_TERMINAL = 4, FLAG_VERBOSE = 8, FLAG_QUIET = 16 };
enum { END_CLOSE, END_NEVER, ENDS };

/* The other end, and what it will say. */
struct server {
    struct report_text *report;
    const uint8_t *bytes;
    size_t size;
    int fd;
    int client; /* -1: none is connected */
    unsigned end;
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

static void on_step(void *context, const struct probe *probe, enum probe_step step)
{
    struct server *server = context;

    report_text_step(server->report, probe, step);
    if (step != PROBE_CONNECTED)
        return;
    if (probe->target->endpoint.transport == TRANSPORT_UNIX) {
        server->client = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
        FUZZ_CHECK(server->client >= 0);
    }
    say_all(server, &probe->local);
    if (server->end == END_CLOSE)
        close_fd(&server->client);
}

/* --- What was printed --- */

static bool turns(wchar_t c)
{
    return (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void check_text(const char *text, size_t size)
{
    mbstate_t state = {0};
    wchar_t c = 0;

    for (size_t at = 0, length; at < size; at += length) {
        wchar_t before = c;

        length = mbrtowc(&c, text + at, size - at, &state);
        FUZZ_CHECK(length > 0 && length <= size - at);
        FUZZ_CHECK(iswprint((wint_t)c) || c == '\n' || c == '\t' || c == '\r');
        FUZZ_CHECK(!turns(c) && (before != '\r' || c == '\n'));
    }
    FUZZ_CHECK(size == 0 || text[size - 1] == '\n');
}

static void check_output(const struct report_text *report, const struct probe *probe, const char *text,
                         size_t size)
{
    if (report->quiet) {
        FUZZ_CHECK(size == 0);
    } else if (report->counting) {
        FUZZ_CHECK(memchr(text, '\n', size) == text + size - 1 && size < 1024);
        check_text(text, size);
    } else if (report->terminal) {
        check_text(text, size);
    } else {
        FUZZ_CHECK(size == probe->length && memcmp(text, probe->greeting, size) == 0);
    }
}

/* A stream's greeting is all that was sent, a datagram's its first piece. */
static void check_greeting(const struct probe *probe, const struct server *server)
{
    size_t at = 0;

    for (size_t i = 0; i < server->size && at < probe->length; i++)
        if (server->bytes[i] != 0xff)
            FUZZ_CHECK((uint8_t)probe->greeting[at++] == server->bytes[i]);
    FUZZ_CHECK(at == probe->length);
}

static void check_outcome(struct report_text *report, const struct probe *probe, enum probe_outcome outcome)
{
    int fd = report->streams->output.fd;
    off_t size;
    char *text;

    FUZZ_CHECK(report_text_outcome(report, probe, outcome));
    size = lseek(fd, 0, SEEK_END);
    text = malloc((size_t)size + 1);
    FUZZ_CHECK(text && pread(fd, text, (size_t)size, 0) == size);
    if (outcome == PROBE_ANSWERED)
        check_output(report, probe, text, (size_t)size);
    else
        FUZZ_CHECK(size == 0);
    free(text);
}

/* --- Asking --- */

static void ask(struct server *server, const struct target *target, struct address *address)
{
    static const struct dial_source anywhere;
    const struct probe_settings settings = {.source = &anywhere, .step = on_step, .context = server};
    const struct dial_list list = {.addresses = address, .count = 1};
    struct probe probe = {.target = target, .sequence = 1};
    bool may_wait = server->end == END_CLOSE && target->endpoint.transport == TRANSPORT_UNIX;
    struct patience patience = {.until_ns = monotonic_ns() + (may_wait ? 60 * NS_PER_S : SOON),
                                .interrupt_fd = -1};
    enum probe_outcome outcome = probe_run(&probe, &settings, &list, &patience);

    FUZZ_CHECK(outcome == PROBE_ANSWERED || outcome == PROBE_FAILED);
    if (outcome == PROBE_ANSWERED)
        check_greeting(&probe, server);
    else
        FUZZ_CHECK(*probe.error && fuzz_is_plain(probe.error));
    check_outcome(server->report, &probe, outcome);
    probe_free(&probe);
    close_fd(&server->client);
}

/* Listens at a name that the kernel chooses. */
static int open_server(const struct target *target, struct address *address)
{
    int type = transport_socket_type(target->endpoint.transport);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    *address = (struct address){.length = sizeof(sa_family_t), .un.sun_family = AF_UNIX};
    FUZZ_CHECK(fd >= 0 && bind(fd, &address->sa, address->length) == 0);
    address->length = sizeof(address->un);
    FUZZ_CHECK(getsockname(fd, &address->sa, &address->length) == 0);
    FUZZ_CHECK(type != SOCK_STREAM || listen(fd, 1) == 0);
    return fd;
}

static void run(struct server *server, unsigned flags)
{
    struct target target = {.label = "x"};
    struct streams streams = {0};
    struct report_text report = {.streams = &streams,
                                 .counting = flags & FLAG_COUNTING,
                                 .terminal = flags & FLAG_TERMINAL,
                                 .verbose = flags & FLAG_VERBOSE,
                                 .quiet = flags & FLAG_QUIET};
    struct address address;
    int fd = memfd_create("output", MFD_CLOEXEC);

    target.endpoint.transport = flags & FLAG_DATAGRAM ? TRANSPORT_UNIX_DGRAM : TRANSPORT_UNIX;
    server->report = &report;
    server->fd = open_server(&target, &address);
    FUZZ_CHECK(fd >= 0 && output_open_waiting(&streams.output, fd, fail_never, NULL) == 0);
    ask(server, &target, &address);
    report_text_free(&report);
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
