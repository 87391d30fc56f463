/* SPDX-License-Identifier: MIT */
/* The table of sources, as the limiter and the fuse use it, with a clock that the input moves. The input is a
 * listener's limits, and then who asks, how long after the last, and how often in a row. Beside the table
 * runs a model that forgets nothing: nobody may get more than it allows. */
#include "base/util.h"
#include "fuzz.h"
#include "guard/fuse.h"
#include "guard/limiter.h"

#include <netinet/in.h>

#define WORDS     4096
#define SOURCES   8
#define NETS      4 /* of two sources each */
#define ASKS_MOST 4096
#define BACK_MOST (50 * NS_PER_S) /* what a thread's clock can be behind: less than the table's CLOCKS */
#define REST_MOST (120 * 3600 * NS_PER_S) /* times further apart are not told from each other */
#define FUSE_REST (FUSE_PAUSE * NS_PER_S - 10 * NS_PER_MS)

/* When the next is due for who keeps to the rate (us), and when the last one passed. */
struct model {
    int64_t due, passed;
};

struct row {
    int64_t last;
    unsigned allowed; /* since the last that was not */
    bool broken;      /* one was not */
};

static _Alignas(CACHE_LINE) _Atomic uint64_t words[2][WORDS];
static const struct table rates = {.words = words[0], .count = WORDS, .key = {{1, 2}}};
static const struct table loops = {.words = words[1], .count = WORDS, .key = {{3, 4}}};

struct run {
    struct limits limits;
    struct model sources[SOURCES], nets[NETS];
    struct row rows[SOURCES];
    int64_t now, latest;
};

/* Neighbours in IPv4 and IPv6 networks, of which each has a port of its own. */
static struct peer_address client(unsigned which)
{
    static const uint16_t ports[] = {40000, 53, 32767, 32768, 1, 65535, 7, 19};
    unsigned net = which / 2;
    struct peer_address address = {.family = AF_INET, .port = ports[which], .ip = {192, 0, 2, 0}};

    address.ip[2] = (uint8_t)net;
    address.ip[3] = (uint8_t)which;
    if (net < NETS / 2)
        return address;
    address.family = AF_INET6;
    memset(address.ip, 0, sizeof(address.ip));
    memcpy(address.ip, (uint8_t[]){0x20, 0x01, 0x0d, 0xb8, 0, 0, (uint8_t)net, (uint8_t)which}, 8);
    return address;
}

static bool allows(const struct limit *limit, const struct model *model, int64_t now_us)
{
    int64_t due = model->due > now_us ? model->due : now_us;

    return limit->interval_us == 0 ||
           due + limit->interval_us - now_us <= (int64_t)limit->interval_us * limit->burst;
}

static void count(const struct limit *limit, struct model *model, int64_t now_us)
{
    model->due = (model->due > now_us ? model->due : now_us) + limit->interval_us;
    model->passed = now_us;
}

/* Whoever has rested for so long is where it was in the beginning. */
static bool has_rested(const struct limit *limit, const struct model *model, int64_t now_us)
{
    int64_t rest = now_us - model->passed;

    return limit->interval_us == 0 || model->passed == 0 ||
           (rest > (int64_t)limit->interval_us * limit->burst && rest < REST_MOST / NS_PER_US);
}

static void ask_limiter(struct run *run, unsigned which)
{
    struct peer_address who = client(which);
    struct model *source = &run->sources[which], *net = &run->nets[which / 2];
    int64_t now_us = run->now / NS_PER_US;
    bool rested =
        has_rested(&run->limits.source, source, now_us) && has_rested(&run->limits.net, net, now_us);
    enum limiter_verdict verdict = limiter_take(&rates, &run->limits, &who, run->now);

    FUZZ_CHECK(verdict == LIMITER_PASS || run->limits.source.interval_us || run->limits.net.interval_us);
    if (verdict != LIMITER_PASS) {
        FUZZ_CHECK(!rested);
        return;
    }
    FUZZ_CHECK(allows(&run->limits.source, source, now_us) && allows(&run->limits.net, net, now_us));
    count(&run->limits.source, source, now_us);
    count(&run->limits.net, net, now_us);
}

static void ask_fuse(struct run *run, unsigned which)
{
    struct peer_address who = client(which);
    struct row *row = &run->rows[which];
    bool allowed = fuse_allows(&loops, &who, run->now);

    FUZZ_CHECK(allowed || who.port < FUSE_PORTS);
    if (run->now - row->last > FUSE_REST)
        *row = (struct row){0};
    row->last = run->now;
    if (allowed && who.port < FUSE_PORTS) {
        row->allowed++;
        FUZZ_CHECK(row->allowed < (row->broken ? FUSE_PERIOD : FUSE_FIRST));
    } else if (!allowed) {
        row->allowed = 0;
        row->broken = true;
    }
}

/* The upper bits of the first byte are the unit of the time that has passed, or say that a thread asks whose
 * clock is behind. */
static unsigned pass_time(struct run *run, struct input *input)
{
    static const int64_t units[] = {NS_PER_US, NS_PER_MS, NS_PER_S, 3600 * NS_PER_S};
    unsigned first = (unsigned)input_number(input, 1);
    int64_t passed = (int64_t)input_number(input, 1) * units[first >> 3 & 3];

    run->now += first & 0x80 ? -passed : passed;
    if (run->now < run->latest - BACK_MOST)
        run->now = run->latest - BACK_MOST;
    if (run->now > run->latest)
        run->latest = run->now;
    return first % SOURCES;
}

static struct limits read_limits(struct input *input)
{
    static const struct plan plan;
    struct conf_listener listener = {.name = "x", .transport = TRANSPORT_TCP, .plan = &plan};

    listener.rates.rate = (double)(input_number(input, 3) % 1000001) / 100;
    listener.rates.burst = 1 + (unsigned)(input_number(input, 3) % 100000);
    listener.rates.net_rate = (double)(input_number(input, 3) % 1000001) / 100;
    listener.rates.net_burst = 1 + (unsigned)(input_number(input, 3) % 100000);
    listener.rates_given = input_number(input, 1) & 1;
    return limiter_limits(&listener);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct run run = {.limits = read_limits(&input), .now = 1000 * NS_PER_S, .latest = 1000 * NS_PER_S};

    memset((void *)words, 0, sizeof(words));
    for (unsigned asks = 0; input.left > 0 && asks < ASKS_MOST;) {
        unsigned which = pass_time(&run, &input), times = 1 + (unsigned)input_number(&input, 1);

        for (; times > 0 && asks < ASKS_MOST; times--, asks++) {
            ask_limiter(&run, which);
            ask_fuse(&run, which);
        }
    }
    return 0;
}
