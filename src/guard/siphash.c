/* SPDX-License-Identifier: MIT */
#include "guard/siphash.h"

#include <endian.h>
#include <string.h>

#define FINAL_ROUNDS 3
/* Otherwise each round would store the state in memory. */
#define IN_REGISTERS static inline __attribute__((always_inline))

/* The four words of the state. */
struct state {
    uint64_t a, b, c, d;
};

IN_REGISTERS uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

IN_REGISTERS void round_of(struct state *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotate(s->b, 13) ^ s->a;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a = rotate(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotate(s->b, 17) ^ s->c;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c = rotate(s->c, 32);
}

/* One round for each word of input: that is the 1 of SipHash-1-3. */
IN_REGISTERS void take_in(struct state *s, uint64_t word)
{
    s->d ^= word;
    round_of(s);
    s->a ^= word;
}

uint64_t siphash(const struct siphash_key *key, const void *data, size_t length)
{
    const char *bytes = data;
    struct state s = {.a = key->word[0] ^ 0x736f6d6570736575, /* the paper's constants */
                      .b = key->word[1] ^ 0x646f72616e646f6d,
                      .c = key->word[0] ^ 0x6c7967656e657261,
                      .d = key->word[1] ^ 0x7465646279746573};
    uint64_t word, last = (uint64_t)length << 56;
    size_t left = length;

    for (; left >= sizeof(word); left -= sizeof(word), bytes += sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        take_in(&s, le64toh(word));
    }
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    take_in(&s, last);
    s.c ^= 0xff;
    for (int i = 0; i < FINAL_ROUNDS; i++)
        round_of(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}
