/* SPDX-License-Identifier: MIT */
#include "client/mode/all.h"

#include "base/util.h"
#include "client/ask/dial.h"
#include "client/ask/outcome.h"
#include "client/errors.h"

#include <err.h>
#include <netdb.h>
#include <stdlib.h>

static bool append(struct target_list *list, const struct target *target)
{
    struct target *larger = reallocarray(list->targets, list->count + 1, sizeof(struct target));

    if (!larger)
        return false;
    list->targets = larger;
    list->targets[list->count++] = *target;
    return true;
}

static bool append_addresses(struct target_list *list, const struct target *target,
                             const struct dial_list *found)
{
    for (size_t i = 0; i < found->count; i++) {
        struct target one = *target;

        if (!transport_is_unix(target->endpoint.transport))
            address_host(&found->addresses[i], one.endpoint.host, sizeof(one.endpoint.host));
        if (!append(list, &one))
            return false;
    }
    return true;
}

static void print_error(const struct target *target, int family, int code, int64_t took_ns)
{
    const struct errors_lookup lookup = {.host = target->endpoint.host,
                                         .code = code,
                                         .error = errno,
                                         .family = family,
                                         .nanoseconds = took_ns};
    char words[ERRORS_MAX];

    errors_lookup(words, sizeof(words), &lookup);
    warnx("%s: %s: %s", target->endpoint.host, outcome_word(OUTCOME_DNS), words);
}

int all_addresses(struct target_list *addresses, const struct target_list *targets, int family,
                  const struct deadline *deadline, int64_t timeout_ns, unsigned *failed)
{
    *addresses = (struct target_list){0};
    for (size_t i = 0; i < targets->count; i++) {
        struct deadline share = deadline_at_most(deadline, timeout_ns);
        int64_t started_ns = monotonic_ns();
        struct dial_list found;
        int code = dial_lookup(&found, &targets->targets[i].endpoint, family, &share);
        bool kept;

        if (code == EAI_INTR)
            return -1;
        if (code) {
            print_error(&targets->targets[i], family, code, monotonic_ns() - started_ns);
            ++*failed;
            continue;
        }
        kept = append_addresses(addresses, &targets->targets[i], &found);
        dial_list_free(&found);
        if (!kept) {
            warnx("out of memory");
            return -1;
        }
    }
    return 0;
}
