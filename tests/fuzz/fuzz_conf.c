/* SPDX-License-Identifier: MIT */
/* The text of a configuration, which is the input: it is refused with messages that can be printed, or what
 * it is printed as loads again and is the same. */
#include "load.h"

#include <netdb.h>
#include <netinet/in.h>

#define SIZE_MAX_TRIED 16384

static struct conf_report report;

/* In the place of the resolver's, which would ask the network. */
static struct sockaddr_in loopback;
static struct addrinfo found;

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    (void)service;
    if (strcmp(host, "later") == 0)
        return EAI_AGAIN;
    if (strcmp(host, "localhost") != 0)
        return EAI_NONAME;
    loopback = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    found = (struct addrinfo){.ai_family = AF_INET,
                              .ai_socktype = hints->ai_socktype,
                              .ai_addrlen = sizeof(loopback),
                              .ai_addr = (struct sockaddr *)&loopback};
    *result = &found;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    FUZZ_CHECK(list == &found);
}

static void check_report(bool refused)
{
    FUZZ_CHECK((report.errors > 0) == refused);
    FUZZ_CHECK(report.used < sizeof(report.text) && report.count <= CONF_MESSAGES);
    for (size_t i = 0; i < report.used; i++)
        FUZZ_CHECK(report.text[i] == '\n' || (report.text[i] >= ' ' && report.text[i] < 0x7f));
    for (unsigned i = 0; i < report.count; i++) {
        const struct conf_entry *entry = &report.entries[i];

        FUZZ_CHECK(entry->place <= entry->length && entry->start + entry->length < sizeof(report.text));
        FUZZ_CHECK(!memchr(report.text + entry->start, '\n', entry->length));
    }
}

/* The caller frees it. */
static char *print(const struct conf *conf)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    FUZZ_CHECK(out);
    conf_print(conf, out);
    FUZZ_CHECK(fclose(out) == 0);
    return text;
}

/* Returns what it is printed as, which the caller frees, or NULL if it is refused. */
static char *load_and_print(const char *text, size_t size)
{
    struct arena arena = room_open();
    const struct conf *conf = load_text(text, size, &arena, &report);
    char *printed = conf ? print(conf) : NULL;

    check_report(!conf);
    room_close(&arena);
    return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *printed, *again;

    if (size > SIZE_MAX_TRIED)
        return 0;
    printed = load_and_print((const char *)data, size);
    if (printed) {
        again = load_and_print(printed, strlen(printed));
        FUZZ_CHECK(again && strcmp(printed, again) == 0);
        free(again);
    }
    free(printed);
    return 0;
}
