/* SPDX-License-Identifier: MIT */
/* prefixes: which addresses a set of rules admits, where the longest prefix counts: built once, then only
 * read.
 *
 * The rules are flattened to the addresses at which the verdict changes. Since there are two verdicts, they
 * alternate, and how many changes lie before an address says all. An index over equal parts of the space
 * between the first change and the last, about as many as there are changes, leaves a step or two of the
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

/* Sorts rules as prefix_compare() has it, those that do not admit first. */
void prefixes_sort(struct prefix_rule *rules, size_t count);

/* Builds in the arena from sorted rules, no prefix of which has both verdicts; otherwise is the verdict for
 * addresses without a rule. Returns NULL if there is no memory. */
const struct prefixes *prefixes_build(struct arena *arena, const struct prefix_rule *rules, size_t count,
                                      bool otherwise);

/* Whether the client is admitted; one without an IP address has no rule. */
bool prefixes_admit(const struct prefixes *prefixes, const struct peer_address *client);

#endif
