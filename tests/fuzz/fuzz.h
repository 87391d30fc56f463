/* SPDX-License-Identifier: MIT */
/* fuzz: what all targets share: an input that is read piece by piece, and properties that must hold. */
#ifndef SOCKGREET_TEST_FUZZ_H
#define SOCKGREET_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ends the program over a property that does not hold. */
#define FUZZ_CHECK(property) ((property) ? (void)0 : fuzz_fail(#property, __FILE__, __LINE__))

static inline _Noreturn void fuzz_fail(const char *property, const char *file, int line)
{
    dprintf(STDERR_FILENO, "%s:%d: Assertion failed: %s\n", file, line, property);
    abort();
}

/* What libFuzzer and replay.c call; data has no byte to spare. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    size_t left;
};

/* What an input lacks is zero. */
static inline void input_bytes(struct input *input, void *bytes, size_t count)
{
    size_t found = count < input->left ? count : input->left;

    memset(bytes, 0, count);
    if (found > 0)
        memcpy(bytes, input->at, found);
    input->at += found;
    input->left -= found;
}

/* A number of so many bytes, the least significant first. */
static inline uint64_t input_number(struct input *input, size_t count)
{
    uint8_t bytes[8];
    uint64_t number = 0;

    input_bytes(input, bytes, count);
    for (size_t i = 0; i < count; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    return number;
}

/* A text of at most so many bytes, up to the next NUL, which is taken as well. The caller frees it. */
static inline char *input_text(struct input *input, size_t most)
{
    size_t length = strnlen((const char *)input->at, input->left);
    char *text = malloc((length < most ? length : most) + 1);

    FUZZ_CHECK(text);
    memcpy(text, input->at, length < most ? length : most);
    text[length < most ? length : most] = '\0';
    length += length < input->left;
    input->at += length;
    input->left -= length;
    return text;
}

/* Whether a text is one line of printable ASCII. */
static inline bool fuzz_is_plain(const char *text)
{
    while (*text >= ' ' && *text < 0x7f)
        text++;
    return *text == '\0';
}

#endif
