/* SPDX-License-Identifier: MIT */
#include "service/folding.h"

#include "service/dates.h"
#include "service/template_fold.h"
#include "service/values.h"
#include "service/variables.h"

#include <stdalign.h>
#include <string.h>

#define LONGEST 8192 /* bytes of a rendering; copying more takes longer than it saves */

/* How a client arrived: the same for all clients of most listeners. */
struct arrival {
    struct peer_address server;
    unsigned interface;
    uint8_t family; /* of the client */
};

struct folding {
    uint64_t epoch;         /* of the values that are folded in; 0: none are yet */
    struct arrival arrival; /* of which the values are folded in, unless there are several */
    bool has_several;       /* in this epoch */
    struct template folded;
    alignas(max_align_t) char memory[];
};

size_t folding_size(const struct template *compiled)
{
    return compiled->max_length > LONGEST ? 0 : sizeof(struct folding) + template_folded_size(compiled);
}

static bool lasts(unsigned variable, const char *argument)
{
    return variables_known_per_epoch(variable) && !dates_is_exact(argument);
}

static bool lasts_with_arrival(unsigned variable, const char *argument)
{
    static const uint64_t arrivals = VARIABLE_BIT(VARIABLE_SERVER_ADDRESS) |
                                     VARIABLE_BIT(VARIABLE_SERVER_PORT) | VARIABLE_BIT(VARIABLE_FAMILY) |
                                     VARIABLE_BIT(VARIABLE_INTERFACE);

    return (arrivals & VARIABLE_BIT(variable)) || lasts(variable, argument);
}

static struct arrival arrival_of(const struct occasion *occasion)
{
    return (struct arrival){.server = occasion->peer->server,
                            .interface = occasion->seen ? occasion->seen->interface : 0,
                            .family = occasion->peer->client.family};
}

static bool is_same(const struct arrival *a, const struct arrival *b)
{
    return a->interface == b->interface && a->family == b->family &&
           memcmp(&a->server, &b->server, sizeof(a->server)) == 0;
}

/* If clients arrive in several ways, the template is folded at most twice per epoch. */
const struct template *folding_of(const struct template *compiled, const struct occasion *occasion,
                                  void *kept)
{
    struct folding *folding = kept;
    bool is_current = folding->epoch == occasion->epoch;
    struct arrival arrival;

    if (is_current && folding->has_several)
        return &folding->folded;
    arrival = arrival_of(occasion);
    if (is_current && is_same(&folding->arrival, &arrival))
        return &folding->folded;
    folding->epoch = occasion->epoch;
    folding->arrival = arrival;
    folding->has_several = is_current;
    template_fold(compiled, folding->has_several ? lasts : lasts_with_arrival, values_write, occasion,
                  folding->memory, &folding->folded);
    return &folding->folded;
}
