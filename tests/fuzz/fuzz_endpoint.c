/* SPDX-License-Identifier: MIT */
/* Endpoints, as operands of the client and for the daemon's -l. The input is one or two operands, a line
 * each. What is accepted is within its bounds, and is the same when it is printed and read again. */
#include "client/ask/target.h"
#include "fuzz.h"

static void check_bounds(const struct endpoint *endpoint, bool any_allowed)
{
    if (transport_is_unix(endpoint->transport)) {
        FUZZ_CHECK(*endpoint->path && strcmp(endpoint->path, "@") != 0);
        FUZZ_CHECK(strlen(endpoint->path) <= ENDPOINT_PATH_MAX);
        FUZZ_CHECK(*endpoint->host == '\0' && *endpoint->port == '\0');
    } else {
        FUZZ_CHECK(*endpoint->host || any_allowed);
        FUZZ_CHECK(fuzz_is_plain(endpoint->host) && strlen(endpoint->host) <= ENDPOINT_HOST_MAX);
        FUZZ_CHECK(endpoint_port_valid(endpoint->port) && *endpoint->path == '\0');
    }
}

static bool is_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->transport == b->transport && strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0 &&
           strcmp(a->path, b->path) == 0;
}

/* A path that has to be escaped is not read as the same again. */
static bool is_plain_path(const char *path)
{
    return fuzz_is_plain(path) && !strchr(path, '\\');
}

static void check_printed(const struct target *target)
{
    char text[sizeof(target->label) + 16];
    struct endpoint again;
    struct message error;

    FUZZ_CHECK(target_text(target, text, sizeof(text)) < sizeof(text) - 1);
    FUZZ_CHECK(fuzz_is_plain(target->label) && fuzz_is_plain(text));
    if (!is_plain_path(target->endpoint.path))
        return;
    FUZZ_CHECK(endpoint_parse(text, &again, &error) == 0);
    FUZZ_CHECK(is_same(&target->endpoint, &again));
}

static void check_operands(char *const *operands, size_t count, const struct target_defaults *defaults)
{
    struct message error = {0};
    struct target_list list;

    if (target_list_parse(&list, operands, count, defaults, &error) < 0) {
        FUZZ_CHECK(*error.text && fuzz_is_plain(error.text));
    } else {
        for (size_t i = 0; i < list.count; i++) {
            check_bounds(&list.targets[i].endpoint, false);
            check_printed(&list.targets[i]);
        }
    }
    target_list_free(&list);
}

/* Where both read it, they read the same. */
static void check_local(const char *text)
{
    struct message error = {0};
    struct endpoint local, remote;

    if (endpoint_parse_local(text, &local, &error) < 0) {
        FUZZ_CHECK(*error.text && fuzz_is_plain(error.text));
        return;
    }
    check_bounds(&local, true);
    if (*local.host && endpoint_parse(text, &remote, &error) == 0)
        FUZZ_CHECK(is_same(&local, &remote));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    char *text = input_text(&input, SIZE_MAX);
    char *rest = text, *operands[2];
    size_t count = 0;

    while (rest && count < 2)
        operands[count++] = strsep(&rest, "\n");
    check_local(operands[0]);
    check_operands(operands, count, &(struct target_defaults){0});
    check_operands(operands, 1, &(struct target_defaults){.udp = true, .port = "7"});
    free(text);
    return 0;
}
