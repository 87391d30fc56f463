/* SPDX-License-Identifier: MIT */
/* Templates of greetings. The input is a template, a host's name, a listener's name and a path, each ended by
 * a NUL, then a byte that chooses transport and format, and a client. No answer is longer than was declared.
 */
#include "room.h"
#include "service/greeting.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>

static void check_errors(const struct template_errors *errors)
{
    FUZZ_CHECK(errors->count > 0 && errors->count <= TEMPLATE_ERRORS_MAX);
    for (size_t i = 0; i < errors->count; i++) {
        FUZZ_CHECK(*errors->list[i].text && fuzz_is_plain(errors->list[i].text));
        for (size_t other = 0; other < i; other++)
            FUZZ_CHECK(strcmp(errors->list[i].text, errors->list[other].text) != 0);
    }
}

static struct peer_address read_end(struct input *input)
{
    static const uint8_t families[] = {AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC};
    struct peer_address end;

    input_bytes(input, &end, sizeof(end));
    end.family = families[end.family % sizeof(families)];
    end.zero = 0;
    return end;
}

/* What a program reads is one line of plain text, whatever it is made of. */
static void check_form(const char *out, size_t length, enum format format)
{
    if (format == FORMAT_TEXT)
        return;
    FUZZ_CHECK(length > 0 && out[length - 1] == '\n');
    for (size_t i = 0; i + 1 < length; i++)
        FUZZ_CHECK((unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
}

/* A thread that keeps what its clients have in common says the same, the first time and later. */
static void check_kept(const struct plan *plan, struct occasion *occasion, const char *expected,
                       size_t length)
{
    char *out = malloc(plan->longest);
    void *kept = plan->kept ? calloc(1, plan->kept) : NULL;

    occasion->kept = kept;
    occasion->epoch = 1;
    for (int i = 0; i < 2; i++)
        FUZZ_CHECK(plan->service->answer(plan, occasion, out) == length &&
                   memcmp(out, expected, length) == 0);
    free(kept);
    free(out);
}

static void check_answer(const struct plan *plan, struct input *input, enum format format)
{
    struct moment moment = {0};
    struct peer peer = {.client = read_end(input), .server = read_end(input)};
    struct speaker speaker = {.pid = (pid_t)input_number(input, 4), .worker = 1, .generation = UINT_MAX};
    struct state state = {.word = STATE_MAINT, .weight = STATE_WEIGHT_MAX};
    struct occasion occasion = {
        .peer = &peer, .speaker = &speaker, .answers = UINT64_MAX, .moment = &moment, .state = &state};
    char *out = malloc(plan->longest);
    size_t length;

    FUZZ_CHECK(out || plan->longest == 0);
    moment_set(&moment, (struct timespec){.tv_sec = (time_t)input_number(input, 5), .tv_nsec = 999999999});
    length = plan->service->answer(plan, &occasion, out);
    FUZZ_CHECK(length <= plan->longest);
    if (plan->is_constant)
        FUZZ_CHECK(plan->length == length && memcmp(out, plan->bytes, length) == 0);
    check_form(out, length, format);
    check_kept(plan, &occasion, out, length);
    free(out);
}

/* The file "/" is missing, any other has its name in it. */
static int read_file(void *context, const char *path, const char **content, struct message *error)
{
    (void)context;
    *content = path;
    message_set(error, "is missing");
    return path[1] ? 0 : -ENOENT;
}

/* As they are in each format. */
static const struct quotes quotes[] = {
    [FORMAT_TEXT] = {(const struct quote[]){{"a\r\nb", 4}, {"It's.", 5}}, 2, 5},
    [FORMAT_JSON] = {(const struct quote[]){{"a\\r\\nb", 6}, {"It's.", 5}}, 2, 6},
    [FORMAT_LINE] = {(const struct quote[]){{"a\\r\\nb", 6}, {"It'\\''s.", 8}}, 2, 8}};

static const struct quotes *get_quotes(void *context, enum format format)
{
    (void)context;
    return &quotes[format];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct template_errors errors = {0};
    struct arena arena = room_open();
    char *text = input_text(&input, SIZE_MAX), *hostname = input_text(&input, 64);
    char *listener = input_text(&input, 64), *path = input_text(&input, 107);
    uint64_t choice = input_number(&input, 1);
    enum transport transport = choice % TRANSPORT_COUNT;
    enum format format = choice / TRANSPORT_COUNT % 3;
    static const char *const environment[] = {"PATH"};
    struct host host = {.instance = hostname, .environment = environment, .environment_count = 1};
    const struct site site = {.host = &host,
                              .listener = listener,
                              .transport = transport,
                              .path = transport_is_unix(transport) ? path : NULL,
                              .format = format,
                              .files = {.read = read_file, .quotes = get_quotes}};
    const struct plan *plan;

    snprintf(host.hostname, sizeof(host.hostname), "%s", hostname);
    plan = service_greeting.compile(&arena, text, strlen(text), &site, &errors);
    if (!plan)
        check_errors(&errors);
    else
        check_answer(plan, &input, format);
    if (plan && format == FORMAT_TEXT && !strchr(text, '$'))
        FUZZ_CHECK(plan->is_constant && plan->length == strlen(text) &&
                   memcmp(plan->bytes, text, plan->length) == 0);
    room_close(&arena);
    free(text);
    free(hostname);
    free(listener);
    free(path);
    return 0;
}
