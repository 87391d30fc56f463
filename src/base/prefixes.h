/* SPDX-License-Identifier: MIT */
/* prefixes: which addresses a set of rules admits; the longest matching prefix decides. Built once, then only
 * read.
 *
 * The rules are flattened to the addresses at which the verdict changes. The two verdicts alternate, so the
 * number of changes before an address gives its verdict. An index divides the space between the first and the
 * last change into about as many equal parts as there are changes, which leaves one or two steps of the
 * search. */
#ifndef SOCKGREET_PREFIXES_H
#define SOCKGREET_PREFIXES_H

#include "base/arena.h"
#include "base/peer.h"
#include "base/prefix.h"

#include <stdbool.h>
#include <stddef.h>

struct prefix_rule {
    struct prefix prefix;
    bool admits;
    unsigned entry; /* the caller's */
};

struct prefixes; /* opaque; holds pointers into its arena only */

/* Sorts rules by prefix_compare(), and of one prefix those that do not admit first. */
void prefixes_sort(struct prefix_rule *rules, size_t count);

/* Builds the set in the arena, from sorted rules in which no prefix has both verdicts; "otherwise" is the
 * verdict for addresses without a rule. Returns NULL if out of memory. */
const struct prefixes *prefixes_build(struct arena *arena, const struct prefix_rule *rules, size_t count,
                                      bool otherwise);

/* Whether the client is admitted; a client without an IP address has no rule. */
bool prefixes_admit(const struct prefixes *prefixes, const struct peer_address *client);

#endif
