/* SPDX-License-Identifier: MIT */
#include "service/needs.h"

#include "base/util.h"
#include "service/variables.h"

/* clang-format off */
#define OF_USERS       (VARIABLE_BIT(VARIABLE_CLIENT_UID) | VARIABLE_BIT(VARIABLE_CLIENT_GID) | \
                        VARIABLE_BIT(VARIABLE_CLIENT_PID))
#define OF_PACKETS     (VARIABLE_BIT(VARIABLE_TTL) | VARIABLE_BIT(VARIABLE_HOPS) | VARIABLE_BIT(VARIABLE_DSCP) | \
                        VARIABLE_BIT(VARIABLE_ECN) | VARIABLE_BIT(VARIABLE_FLOW_LABEL))
#define OF_SYNS        (VARIABLE_BIT(VARIABLE_MSS) | VARIABLE_BIT(VARIABLE_WINDOW_SCALE) | \
                        VARIABLE_BIT(VARIABLE_SYN_OPTIONS))
#define OF_ORIGINALS   (VARIABLE_BIT(VARIABLE_ORIGINAL_ADDRESS) | VARIABLE_BIT(VARIABLE_ORIGINAL_PORT) | \
                        VARIABLE_BIT(VARIABLE_PROXY_AUTHORITY) | VARIABLE_BIT(VARIABLE_PROXY_UNIQUE_ID))
#define OF_PROXIES     (OF_ORIGINALS | VARIABLE_BIT(VARIABLE_PROXY_ADDRESS) | VARIABLE_BIT(VARIABLE_PROXY_PORT))
#define OF_CONNECTIONS (VARIABLE_BIT(VARIABLE_PATH_MTU) | VARIABLE_BIT(VARIABLE_RTT))
#define OF_QUEUES      VARIABLE_BIT(VARIABLE_QUEUE_TIME)
#define OF_HELD        VARIABLE_BIT(VARIABLE_CLIENT_CONNECTIONS)
#define OF_INTERFACES  VARIABLE_BIT(VARIABLE_INTERFACE)
#define OF_ACCEPTED    VARIABLE_BIT(VARIABLE_ACCEPT_TIME)
#define OF_TOTALS      (VARIABLE_BIT(VARIABLE_CONNECTIONS) | VARIABLE_BIT(VARIABLE_GREETINGS_TOTAL))
#define OF_RECEIVED    VARIABLE_BIT(VARIABLE_RECEIVED_BYTES)
#define OF_STATES      (VARIABLE_BIT(VARIABLE_STATE) | VARIABLE_BIT(VARIABLE_WEIGHT) | VARIABLE_BIT(VARIABLE_REASON))
#define OF_SECONDS     (VARIABLE_BIT(VARIABLE_TIME) | VARIABLE_BIT(VARIABLE_UNIX) | \
                        VARIABLE_BIT(VARIABLE_QUOTE_OF_THE_DAY))
/* clang-format on */

/* The variables that the clients of a transport never have. A client named by a proxy has an address, by
 * which connections are counted. */
static uint64_t never_over(const struct site *site)
{
    if (transport_is_unix(site->transport))
        return OF_PACKETS | OF_SYNS | OF_CONNECTIONS | OF_INTERFACES | OF_QUEUES |
               (site->has_proxies ? 0 : OF_HELD) | (transport_is_stream(site->transport) ? 0 : OF_ACCEPTED);
    if (!transport_is_stream(site->transport))
        return OF_USERS | OF_SYNS | OF_CONNECTIONS | OF_HELD | OF_ACCEPTED;
    return OF_USERS | OF_QUEUES;
}

uint64_t needs_never(const struct site *site)
{
    if (site->transport == TRANSPORT_COUNT)
        return 0;
    return never_over(site) | (site->has_proxies ? 0 : OF_PROXIES);
}

enum plan_time needs_time(uint64_t variables, bool is_exact)
{
    if (is_exact || (variables & (VARIABLE_BIT(VARIABLE_UNIX_US) | OF_ACCEPTED | OF_QUEUES)))
        return PLAN_INSTANT;
    return variables & OF_SECONDS ? PLAN_SECOND : PLAN_NO_TIME;
}

unsigned needs_of(uint64_t variables)
{
    static const struct {
        uint64_t variables;
        enum plan_need need;
    } needs[] = {{OF_PACKETS | OF_SYNS, PLAN_PACKET},
                 {OF_CONNECTIONS, PLAN_CONNECTION},
                 {OF_ORIGINALS, PLAN_ORIGINAL},
                 {OF_STATES, PLAN_STATE},
                 {OF_INTERFACES, PLAN_INTERFACE},
                 {OF_QUEUES, PLAN_STAMP},
                 {OF_ACCEPTED, PLAN_ACCEPTED},
                 {OF_RECEIVED, PLAN_RECEIVED},
                 {OF_HELD, PLAN_HELD},
                 {OF_TOTALS, PLAN_TOTALS},
                 {VARIABLE_BIT(VARIABLE_LOAD), PLAN_LOAD}};
    unsigned found = 0;

    for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
        found |= variables & needs[i].variables ? needs[i].need : 0u;
    return found;
}
