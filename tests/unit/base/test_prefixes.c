/* SPDX-License-Identifier: MIT */
#include "base/prefixes.h"

#include "../random.h"
#include "base/util.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

static struct arena arena;

static void set_up(void)
{
    cr_assert_eq(arena_open(&arena, 16 << 20), 0);
}

static void tear_down(void)
{
    arena_close(&arena);
}

static struct prefix prefix_of(const char *text)
{
    struct prefix prefix;
    struct message error;

    cr_assert_eq(prefix_parse(text, &prefix, &error), 0, "%s", text);
    return prefix;
}

static struct peer_address client_of(const char *text)
{
    struct prefix prefix = prefix_of(text);
    struct peer_address client = {.family = prefix.family};

    memcpy(client.ip, prefix.ip, sizeof(client.ip));
    return client;
}

/* Rules as words: "+10.0.0.0/8 -10.1.0.0/16"; with a '+' among them, who has no rule is not admitted. */
static const struct prefixes *built(const char *words)
{
    struct prefix_rule rules[32];
    char copy[1024], *rest, *word;
    size_t count = 0;

    strcpy(copy, words);
    for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        rules[count++] = (struct prefix_rule){prefix_of(word + 1), *word == '+', 0};
    prefixes_sort(rules, count);
    return prefixes_build(&arena, rules, count, !strchr(words, '+'));
}

static void assert_verdicts(const char *words, const char *admitted, const char *refused)
{
    const struct prefixes *prefixes = built(words);
    const char *const lists[] = {refused, admitted};
    char copy[1024], *rest, *word;

    for (int admits = 0; admits < 2; admits++) {
        strcpy(copy, lists[admits]);
        for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
            const struct peer_address client = client_of(word);

            cr_assert_eq(prefixes_admit(prefixes, &client), admits, "\"%s\": %s", words, word);
        }
    }
}

Test(prefixes, without_a_rule, .init = set_up, .fini = tear_down)
{
    assert_verdicts("", "0.0.0.0 192.0.2.1 255.255.255.255 :: 2001:db8::1", "");
    assert_verdicts("-192.0.2.0/24",
                    "0.0.0.0 192.0.1.255 192.0.3.0 255.255.255.255 ::", "192.0.2.0 192.0.2.255");
    assert_verdicts("+192.0.2.0/24", "192.0.2.0 192.0.2.255",
                    "0.0.0.0 192.0.1.255 192.0.3.0 255.255.255.255 :: ::1");
}

Test(prefixes, the_longest_counts_in_both_directions, .init = set_up, .fini = tear_down)
{
    assert_verdicts("+10.0.0.0/8 -10.1.0.0/16 +10.1.2.0/24 -10.1.2.3",
                    "10.0.0.0 10.0.255.255 10.2.0.0 10.1.2.0 10.1.2.2 10.1.2.4 10.1.2.255 10.255.255.255",
                    "9.255.255.255 10.1.0.0 10.1.1.255 10.1.3.0 10.1.255.255 10.1.2.3 11.0.0.0");
    assert_verdicts(
        "-2001:db8::/32 +2001:db8:1::/48 -2001:db8:1::/64 +2001:db8:1::1",
        "2001:db8:1::1 2001:db8:1:1:: 2001:db8:1:ffff:ffff:ffff:ffff:ffff",
        "2001:db8:: 2001:db8:1:: 2001:db8:1::2 2001:db8:1::ffff:ffff:ffff:ffff 2001:db8:2:: 2001:db9::");
}

Test(prefixes, that_begin_or_end_together, .init = set_up, .fini = tear_down)
{
    assert_verdicts("+10.0.0.0/8 -10.0.0.0/9 +10.0.0.0/10",
                    "10.0.0.0 10.63.255.255 10.128.0.0 10.255.255.255",
                    "9.255.255.255 10.64.0.0 10.127.255.255 11.0.0.0");
    assert_verdicts("+10.0.0.0/8 -10.128.0.0/9 +10.192.0.0/10",
                    "10.0.0.0 10.127.255.255 10.192.0.0 10.255.255.255",
                    "10.128.0.0 10.191.255.255 11.0.0.0");
    assert_verdicts("+10.0.0.0/8 -10.255.255.255 -11.0.0.0/8 +11.0.0.0", "10.255.255.254 11.0.0.0",
                    "10.255.255.255 11.0.0.1 11.255.255.255 12.0.0.0");
    assert_verdicts("+10.0.0.0/9 +10.128.0.0/9 -11.0.0.0/8 +12.0.0.0/8",
                    "10.0.0.0 10.127.255.255 10.128.0.0 12.0.0.0", "11.0.0.0 11.255.255.255 13.0.0.0");
}

Test(prefixes, everything_and_the_ends_of_the_space, .init = set_up, .fini = tear_down)
{
    assert_verdicts("+0.0.0.0/0", "0.0.0.0 127.0.0.1 255.255.255.255",
                    ":: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    assert_verdicts("-::/0", "0.0.0.0 255.255.255.255",
                    ":: 2001:db8::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    assert_verdicts("-0.0.0.0/0 +255.255.255.255 +0.0.0.0", "0.0.0.0 255.255.255.255",
                    "0.0.0.1 255.255.255.254");
    assert_verdicts("-0.0.0.0/0 -255.255.255.0/24", "::1", "0.0.0.0 255.255.255.255");
    assert_verdicts("+::/0 -ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff -::/128",
                    "::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
                    ":: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    assert_verdicts("-2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1:: 2001:db8::ffff:ffff:ffff:fffe",
                    "2001:db8::ffff:ffff:ffff:ffff");
}

Test(prefixes, a_rule_may_be_there_twice, .init = set_up, .fini = tear_down)
{
    assert_verdicts("-10.0.0.0/8 -10.0.0.0/8 -10.1.0.0/16", "9.255.255.255 11.0.0.0",
                    "10.0.0.0 10.1.0.0 10.255.255.255");
}

Test(prefixes, a_network_of_each_length, .init = set_up, .fini = tear_down)
{
    struct prefix_rule rules[129];
    struct peer_address client = client_of("::");
    const struct prefixes *prefixes;

    for (unsigned i = 0; i < ARRAY_SIZE(rules); i++)
        rules[i] = (struct prefix_rule){{.family = AF_INET6, .length = (uint8_t)i}, i % 2 == 0, 0};
    prefixes_sort(rules, ARRAY_SIZE(rules));
    prefixes = prefixes_build(&arena, rules, ARRAY_SIZE(rules), false);
    cr_assert(prefixes_admit(prefixes, &client));
    for (unsigned i = 0; i < 128; i++) { /* the first i bits are zero, the next one is not */
        client = client_of("::");
        client.ip[i / 8] = (uint8_t)(0x80 >> i % 8);
        cr_assert_eq(prefixes_admit(prefixes, &client), i % 2 == 0, "%u", i);
    }
}

Test(prefixes, who_has_no_ip_address_has_no_rule, .init = set_up, .fini = tear_down)
{
    const struct peer_address local = {.family = AF_UNIX}, unknown = {.family = AF_UNSPEC};

    cr_assert(prefixes_admit(built("-0.0.0.0/0 -::/0"), &local));
    cr_assert_not(prefixes_admit(built("+0.0.0.0/0 +::/0"), &unknown));
}

/* Lists come with many neighbours, which are one range. */
Test(prefixes, networks_side_by_side_take_the_room_of_one, .init = set_up, .fini = tear_down)
{
    struct prefix_rule rules[256];
    size_t used;

    built("+10.1.0.0/16");
    used = arena.used;
    for (unsigned i = 0; i < ARRAY_SIZE(rules); i++)
        rules[i] =
            (struct prefix_rule){{.family = AF_INET, .length = 24, .ip = {10, 1, (uint8_t)i}}, true, 0};
    cr_assert(prefixes_build(&arena, rules, ARRAY_SIZE(rules), false));
    cr_assert_eq(arena.used, 2 * used);
}

/* However little room is left. */
Test(prefixes, a_full_arena)
{
    struct prefix_rule rule = {prefix_of("10.0.0.0/8"), true, 0};
    const struct prefixes *prefixes = NULL;
    size_t room = 0;

    for (; !prefixes && room < 1024; room += 16) {
        cr_assert_eq(arena_open(&arena, 1), 0);
        cr_assert(arena_alloc(&arena, arena.size - room));
        prefixes = prefixes_build(&arena, &rule, 1, false);
        arena_close(&arena);
    }
    cr_assert(room > 100 && room < 1024);
}

/* --- Against the obvious way --- */

#define RULES_MAX 64
#define SEED      UINT64_C(0x5eed0fac)

static bool is_in(const struct peer_address *client, const struct prefix *prefix)
{
    for (unsigned bit = 0; bit < prefix->length; bit++)
        if (((client->ip[bit / 8] ^ prefix->ip[bit / 8]) << bit % 8) & 0x80)
            return false;
    return client->family == prefix->family;
}

static bool naive(const struct prefix_rule *rules, size_t count, bool otherwise,
                  const struct peer_address *client)
{
    bool admits = otherwise;
    int longest = -1;

    for (size_t i = 0; i < count; i++)
        if (is_in(client, &rules[i].prefix) && rules[i].prefix.length > longest) {
            longest = rules[i].prefix.length;
            admits = rules[i].admits;
        }
    return admits;
}

/* Few bits are random, so that networks lie in each other and clients in them. */
static void random_ip(uint64_t *state, uint8_t *ip, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        switch (random_next(state) % 8) {
        case 0:
            ip[i] = (uint8_t)random_next(state);
            break;
        case 1:
            ip[i] = 0xff;
            break;
        default:
            ip[i] = (uint8_t)(random_next(state) % 3);
        }
}

static bool has(const struct prefix_rule *rules, size_t count, const struct prefix *prefix)
{
    for (size_t i = 0; i < count; i++)
        if (prefix_compare(&rules[i].prefix, prefix) == 0)
            return true;
    return false;
}

static size_t random_rules(uint64_t *state, struct prefix_rule *rules)
{
    size_t wanted = random_next(state) % (RULES_MAX + 1), count = 0;

    while (wanted-- > 0) {
        bool v4 = random_next(state) % 2;
        struct prefix prefix = {.family = v4 ? AF_INET : AF_INET6,
                                .length = (uint8_t)(random_next(state) % (v4 ? 33 : 129))};

        random_ip(state, prefix.ip, v4 ? 4 : 16);
        for (unsigned bit = prefix.length; bit < 128; bit++)
            prefix.ip[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
        if (!has(rules, count, &prefix))
            rules[count++] = (struct prefix_rule){prefix, random_next(state) % 2, 0};
    }
    return count;
}

/* Somewhere, or at an edge of a rule: its first or last address, or the one before or behind. */
static struct peer_address random_client(uint64_t *state, const struct prefix_rule *rules, size_t count)
{
    bool v4 = random_next(state) % 2;
    struct peer_address client = {.family = v4 ? AF_INET : AF_INET6};
    const struct prefix *prefix = count ? &rules[random_next(state) % count].prefix : NULL;
    bool last = random_next(state) % 2, beyond = random_next(state) % 2;
    unsigned bits;

    random_ip(state, client.ip, v4 ? 4 : 16);
    if (!prefix || random_next(state) % 4 == 0)
        return client;
    client.family = prefix->family;
    memcpy(client.ip, prefix->ip, sizeof(client.ip));
    bits = prefix->family == AF_INET ? 32 : 128;
    for (unsigned bit = prefix->length; last && bit < bits; bit++)
        client.ip[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    for (unsigned i = bits / 8; beyond && i-- > 0;) {
        client.ip[i] = (uint8_t)(client.ip[i] + (last ? 1 : -1));
        beyond = client.ip[i] == (last ? 0 : 0xff);
    }
    return client;
}

Test(prefixes, agree_with_a_search_through_all_rules, .init = set_up, .fini = tear_down)
{
    struct prefix_rule rules[RULES_MAX], sorted[RULES_MAX];
    uint64_t state = SEED;
    unsigned admitted = 0, asked = 0;

    for (int set = 0; set < 3000; set++) {
        size_t count = random_rules(&state, rules);
        bool otherwise = random_next(&state) % 2;
        const struct prefixes *prefixes;

        memcpy(sorted, rules, sizeof(rules));
        prefixes_sort(sorted, count);
        prefixes = prefixes_build(&arena, sorted, count, otherwise);
        for (int i = 0; i < 200; i++) {
            struct peer_address client = random_client(&state, rules, count);
            bool expected = naive(rules, count, otherwise, &client);

            cr_assert_eq(prefixes_admit(prefixes, &client), expected, "set %d, client %d", set, i);
            admitted += expected;
            asked++;
        }
    }
    cr_assert(admitted > asked / 4 && admitted < asked - asked / 4);
}
