/* SPDX-License-Identifier: MIT */
#include "base/state.h"

#include "base/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 48 /* bytes of an invalid word in a message */

#define NAME(identifier, word) #word,
static const char *const names[] = {STATE_WORDS(NAME)};
#undef NAME

struct shown {
    char text[SHOWN_MAX];
};

static struct shown show(const char *word, size_t length)
{
    struct shown shown;

    escape_bytes(shown.text, sizeof(shown.text), word, length);
    return shown;
}

const char *state_name(enum state_word word)
{
    return names[word];
}

bool state_equal(const struct state *a, const struct state *b)
{
    return a->word == b->word && a->weight == b->weight && strcmp(a->reason, b->reason) == 0;
}

const struct state *state_worse(const struct state *a, const struct state *b)
{
    return b->word > a->word ? b : a;
}

static bool can_stand_in_reason(char c)
{
    return c >= ' ' && c <= '~' && !strchr("\"'\\", c);
}

void state_set_reason(struct state *state, const char *text)
{
    size_t length = strnlen(text, STATE_REASON_MAX);

    for (size_t i = 0; i < length; i++)
        state->reason[i] = can_stand_in_reason(text[i]) ? text[i] : '?';
    state->reason[length] = '\0';
}

static int parse_word(const char *word, size_t length, enum state_word *found, struct message *error)
{
    for (enum state_word i = 0; i < STATE_WORD_COUNT; i++)
        if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0) {
            *found = i;
            return 0;
        }
    message_set(error, "unknown state '%s'; allowed: ", show(word, length).text);
    for (enum state_word i = 0; i < STATE_WORD_COUNT; i++)
        message_add(error, "%s%s", i ? ", " : "", names[i]);
    return -1;
}

static bool is_weight(const char *word, size_t length)
{
    return length > 0 && word[length - 1] == '%';
}

/* A word that ends with %. */
static int parse_weight(const char *word, size_t length, unsigned *weight, struct message *error)
{
    size_t digits = strspn(word, "0123456789");
    unsigned long number = digits > 0 && digits <= 3 ? strtoul(word, NULL, 10) : STATE_WEIGHT_MAX + 1;

    if (digits != length - 1 || number > STATE_WEIGHT_MAX)
        return message_set(error, "invalid weight %s; allowed: 0%% to %d%%", show(word, length).text,
                           STATE_WEIGHT_MAX);
    *weight = (unsigned)number;
    return 0;
}

static int parse_reason(const char *text, size_t length, char reason[STATE_REASON_MAX + 1],
                        struct message *error)
{
    for (size_t i = 0; i < length; i++)
        if (!can_stand_in_reason(text[i]))
            return message_set(error,
                               "the reason contains '%s'; allowed: printable ASCII without \", ' and \\",
                               show(text + i, 1).text);
    if (length > STATE_REASON_MAX)
        return message_set(error, "the reason is too long; allowed: at most %d bytes", STATE_REASON_MAX);
    memcpy(reason, text, length);
    reason[length] = '\0';
    return 0;
}

/* Moves to the next word. Returns its length, 0 at the end. */
static size_t next_word(const char **at, size_t length)
{
    *at += length;
    *at += strspn(*at, " ");
    return strcspn(*at, " ");
}

static size_t length_without_spaces(const char *text)
{
    size_t length = strlen(text);

    while (length > 0 && text[length - 1] == ' ')
        length--;
    return length;
}

int state_parse(const char *text, struct state *state, struct message *error)
{
    struct state read = STATE_DEFAULT;
    const char *at = text;
    size_t length = next_word(&at, 0);

    if (parse_word(at, length, &read.word, error) < 0)
        return -1;
    length = next_word(&at, length);
    if (is_weight(at, length)) {
        if (parse_weight(at, length, &read.weight, error) < 0)
            return -1;
        next_word(&at, length);
    }
    if (parse_reason(at, length_without_spaces(at), read.reason, error) < 0)
        return -1;
    *state = read;
    return 0;
}

void state_print(const struct state *state, char text[STATE_TEXT_MAX])
{
    snprintf(text, STATE_TEXT_MAX, "%s %u%%%s%s", state_name(state->word), state->weight,
             state->reason[0] ? " " : "", state->reason);
}
