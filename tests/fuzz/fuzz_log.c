/* SPDX-License-Identifier: MIT */
/* What is logged. The first byte chooses what the rest of the input is: bytes to escape, a record of a client
 * as a worker wrote it, a text in a message and a field, or an event as it was found in a ring. What clients
 * are logged as is one line of printable ASCII, in fields that no value can forge. */
#include "base/escape.h"
#include "base/util.h"
#include "fuzz.h"
#include "log/log.h"
#include "log/sink_journal.h"
#include "log/sink_stderr.h"
#include "worker/entry.h"

#include <sys/mman.h>

#define LINE_MAX_SEEN 4096

/* What was logged last, and how often something was. */
static struct {
    unsigned count;
    int level;
    char message[LINE_MAX_SEEN];
    unsigned fields;
    char field[32][LINE_MAX_SEEN];
} seen;

/* In the place of the one that asks journald. */
int sink_journal_write(int level, const char *message_id, const char *message, const char *const *fields,
                       size_t field_count)
{
    FUZZ_CHECK(!message_id || strlen(message_id) <= 32);
    FUZZ_CHECK(strlen(message) < sizeof(seen.message) && field_count <= ARRAY_SIZE(seen.field));
    seen.count++;
    seen.level = level;
    strcpy(seen.message, message);
    seen.fields = (unsigned)field_count;
    for (size_t i = 0; i < field_count; i++)
        snprintf(seen.field[i], sizeof(seen.field[i]), "%s", fields[i]);
    return 0;
}

/* --- Bytes that are escaped --- */

/* One byte of an escaped text; moves on behind it. */
static unsigned char unescape(const char **text)
{
    const char *at = *text;
    const char *short_form = strchr("n\nr\rt\t\\\\", at[1]);
    unsigned byte = 0;

    *text += at[0] != '\\' ? 1 : at[1] != 'x' ? 2 : 4;
    if (at[0] != '\\')
        return (unsigned char)at[0];
    if (at[1] != 'x') {
        FUZZ_CHECK(at[1] && short_form);
        return (unsigned char)short_form[1];
    }
    FUZZ_CHECK(sscanf(at + 2, "%2x", &byte) == 1);
    return (unsigned char)byte;
}

static void check_escape(struct input *input)
{
    size_t size = input_number(input, 1), length, bytes = 0;
    char *text = malloc(size);

    FUZZ_CHECK(text || size == 0);
    length = escape_bytes(text, size, input->at, input->left);
    FUZZ_CHECK(length < size || size == 0);
    if (size > 0) {
        FUZZ_CHECK(strlen(text) == length && fuzz_is_plain(text));
        for (const char *at = text; *at; bytes++)
            FUZZ_CHECK(bytes < input->left && unescape(&at) == input->at[bytes]);
        FUZZ_CHECK(bytes == input->left || length + 4 >= size);
    }
    free(text);
}

/* --- Clients --- */

static bool is_line(const char *text)
{
    const char *end = strchr(text, '\n');

    return end && end[1] == '\0' && strcspn(text, "\r\x1b\x7f") == strlen(text);
}

/* The same on standard error. */
static void check_line(void)
{
    static _Atomic bool cut;
    const struct sink_stderr sink = {
        .fd = memfd_create("lines", MFD_CLOEXEC), .is_journal = seen.level % 2, .cut = &cut};
    char line[LINE_MAX_SEEN];
    ssize_t n;

    FUZZ_CHECK(sink.fd >= 0 && sink_stderr_write(&sink, seen.level, seen.message) == 0);
    n = pread(sink.fd, line, sizeof(line) - 1, 0);
    FUZZ_CHECK(n > 0);
    line[n] = '\0';
    close(sink.fd);
    FUZZ_CHECK(is_line(line));
}

static void check_record(struct input *input)
{
    static const struct conf_listener listeners[] = {
        {.name = "tcp", .transport = TRANSPORT_TCP},
        {.name = "udp", .transport = TRANSPORT_UDP},
        {.name = "unix", .transport = TRANSPORT_UNIX, .path = "/run/x.sock"},
        {.name = "unix-dgram", .transport = TRANSPORT_UNIX_DGRAM, .path = "@x"}};
    const struct conf conf = {.listeners = listeners, .listener_count = ARRAY_SIZE(listeners)};
    struct peer_address proxy;
    struct record record;

    input_bytes(input, &record, sizeof(record));
    input_bytes(input, &proxy, sizeof(proxy));
    if (!entry_write(&conf, &record, &proxy)) {
        FUZZ_CHECK(record.listener >= conf.listener_count || record.result >= RESULT_COUNT);
        return;
    }
    FUZZ_CHECK(seen.count == 1 && fuzz_is_plain(seen.message));
    for (unsigned i = 0; i < seen.fields; i++) {
        FUZZ_CHECK(strncmp(seen.field[i], "SOCKGREET_", 10) == 0 && strchr(seen.field[i], '='));
        FUZZ_CHECK(fuzz_is_plain(seen.field[i]));
    }
    check_line();
}

/* --- Events --- */

static void check_text(struct input *input)
{
    char *text = input_text(input, SIZE_MAX);
    struct ring_state state = {0};
    struct event events[2];
    const struct ring ring = {&state, (char *)events, ARRAY_SIZE(events), sizeof(*events)};
    static _Atomic uint32_t asleep;
    const struct event *event;
    uint64_t position;

    log_use_ring(&ring, &asleep, -1);
    log_event(LOG_NOTICE, MESSAGE_REFUSED, LOG_FIELDS("SOCKGREET_TEXT", text, "SOCKGREET_MORE", text), "A %s",
              text);
    log_use_stderr();
    event = ring_peek(&ring, &position);
    FUZZ_CHECK(event);
    log_write_event(&events[event - events]);
    FUZZ_CHECK(seen.count == 1 && strncmp(seen.message, "A ", 2) == 0 && seen.fields <= 2);
    if (seen.fields > 0)
        FUZZ_CHECK(strncmp(seen.field[0], "SOCKGREET_TEXT=", 15) == 0 &&
                   strcmp(seen.field[0] + 15, text) == 0);
    if (seen.fields > 1)
        FUZZ_CHECK(strncmp(seen.field[1], "SOCKGREET_MORE=", 15) == 0 &&
                   strcmp(seen.field[1] + 15, text) == 0);
    check_line();
    free(text);
}

static void check_event(struct input *input)
{
    struct event event;

    input_bytes(input, &event, sizeof(event));
    event.level %= LOG_DEBUG + 1;
    log_write_event(&event);
    FUZZ_CHECK(seen.count == 1);
    check_line();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(struct input *) = {check_escape, check_record, check_text, check_event};
    struct input input = {data, size};

    seen.count = 0;
    log_open(CONF_LOG_JOURNAL, LOG_DEBUG);
    checks[input_number(&input, 1) % ARRAY_SIZE(checks)](&input);
    return 0;
}
