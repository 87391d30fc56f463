/* SPDX-License-Identifier: MIT */
/* A service's answer as sockgreetctl reads and prints it. The input is the answer. Whatever it is, nothing
 * but text comes to the terminal, in lines that fit there, and what is printed as JSON means the same. */
#include "base/printable.h"
#include "base/util.h"
#include "ctl/answer.h"
#include "ctl/exchange.h"
#include "ctl/show.h"
#include "ctl/show_listeners.h"
#include "ctl/show_readiness.h"
#include "ctl/show_status.h"
#include "ctl/show_workers.h"
#include "ctl/stale.h"
#include "ctl/text.h"
#include "ctl/top_view.h"
#include "ctl/wrap.h"
#include "fuzz.h"

#include <locale.h>
#include <sys/socket.h>
#include <sysexits.h>

#define SIZE_MAX_TRIED 32768 /* fits into a socket's buffer */
#define NOW            1700000000

/* In the place of the one that looks at the file that the service names, in a child. */
enum stale stale_file(const char *path, const struct loaded *loaded)
{
    return (enum stale)((strlen(path) + loaded->files) % (STALE_FILES + 1));
}

/* --- What was printed --- */

static char *printed;
static size_t printed_size;
static FILE *out;

static void begin(void)
{
    out = open_memstream(&printed, &printed_size);
    FUZZ_CHECK(out);
}

static void end(void)
{
    FUZZ_CHECK(fclose(out) == 0 && strlen(printed) == printed_size);
}

static void check_shown(const char *kept)
{
    unsigned marks_left = 0;

    for (const char *at = printed; *at;) {
        uint32_t character;
        size_t length = printable_read(at, PRINTABLE_BYTES_MAX, &character);

        FUZZ_CHECK(printable_shows(character, &marks_left) || strchr(kept, *at));
        at += length;
    }
}

static void check_lines(void)
{
    char *rest = printed, *line;

    check_shown("\n");
    while ((line = strsep(&rest, "\n")))
        FUZZ_CHECK(text_width(line) <= WRAP_WIDTH);
    free(printed);
}

/* --- Each way to print it --- */

/* As each of the answers that a frame is made of, twice. */
static void draw_top(json_t *object)
{
    static const struct frame_look look = {.width = WRAP_WIDTH, .height = SIZE_MAX};
    struct sample before = {object, object, object, object, 0}, now = before;
    struct top_view view = {.host = "host", .before = &before, .now = &now, .time = NOW};

    now.at = NS_PER_S;
    printed = top_view_draw(&view, &look, &printed_size);
    FUZZ_CHECK(strlen(printed) == printed_size);
    check_lines();
}

static void show_all(json_t *object)
{
    draw_top(object);
    begin();
    show_status(out, object, NOW, "sockgreetctl reload");
    end();
    check_lines();
    begin();
    show_listeners(out, object);
    end();
    check_lines();
    begin();
    show_readiness(out, object, NOW);
    end();
    check_lines();
    begin();
    show_workers(out, object, NOW);
    end();
    check_lines();
    begin();
    show_counters(out, object);
    end();
    check_lines();
    begin();
    show_text(out, object);
    end();
    check_shown("\n\t");
    free(printed);
}

static void show_json(const json_t *object, const char *bytes, size_t size)
{
    json_t *again;

    begin();
    answer_print(out, bytes, size);
    end();
    check_shown("\n");
    FUZZ_CHECK(strchr(printed, '\n') == printed + printed_size - 1);
    again = answer_parse(printed, printed_size);
    FUZZ_CHECK(again && json_equal(object, again));
    json_decref(again);
    free(printed);
}

/* It comes over a socket. Returns the bytes, which the caller frees. */
static char *exchange(const uint8_t *data, size_t size)
{
    char *answer = NULL;
    ssize_t got;
    int ends[2];

    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    FUZZ_CHECK(send(ends[1], data, size, 0) == (ssize_t)size && shutdown(ends[1], SHUT_WR) == 0);
    got = exchange_run(ends[0], "status", monotonic_ns() + 60 * NS_PER_S, &answer);
    FUZZ_CHECK(size > 0 ? got == (ssize_t)size && memcmp(answer, data, size) == 0 : got == -ENODATA);
    close(ends[0]);
    close(ends[1]);
    return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes;
    json_t *object;
    int status;

    if (size > SIZE_MAX_TRIED)
        return 0;
    setlocale(LC_ALL, "C.UTF-8");
    bytes = exchange(data, size);
    object = answer_parse(bytes, size);
    if (object) {
        status = answer_status(object);
        FUZZ_CHECK(status == EX_OK || (status >= EX__BASE && status <= EX__MAX));
        show_all(object);
        show_json(object, bytes, size);
    }
    json_decref(object);
    free(bytes);
    return 0;
}
