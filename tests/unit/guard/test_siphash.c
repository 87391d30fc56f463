/* SPDX-License-Identifier: MIT */
#include "guard/siphash.h"

#include <criterion/criterion.h>

/* As CPython 3.11 computes it: its hash() of bytes is SipHash-1-3, with an empty key if PYTHONHASHSEED is 0.
 */
Test(siphash, is_what_others_compute)
{
    static const struct {
        size_t length;
        uint64_t hash;
    } known[] = {{1, 0x68a914128e01e473},  {7, 0x2f098ab0c751325a},  {8, 0xead411e67ebe2eea},
                 {9, 0x75927f9d95124362},  {15, 0xf30eb725bb91c9ea}, {16, 0x8972188433a5c5b7},
                 {24, 0x31185a47af932f3a}, {31, 0x169739443111d49b}};
    static const struct siphash_key key;
    unsigned char bytes[31];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        cr_expect_eq(siphash(&key, bytes, known[i].length), known[i].hash, "%zu bytes", known[i].length);
}

Test(siphash, depends_on_every_bit_of_key_and_data)
{
    struct siphash_key key = {{1, 2}};
    unsigned char bytes[24] = {0};
    uint64_t before = siphash(&key, bytes, sizeof(bytes));

    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        cr_expect_neq(siphash(&key, bytes, sizeof(bytes)), before);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    for (int bit = 0; bit < 128; bit++) {
        key.word[bit / 64] ^= UINT64_C(1) << bit % 64;
        cr_expect_neq(siphash(&key, bytes, sizeof(bytes)), before);
        key.word[bit / 64] ^= UINT64_C(1) << bit % 64;
    }
    cr_assert_eq(siphash(&key, bytes, sizeof(bytes)), before);
}
