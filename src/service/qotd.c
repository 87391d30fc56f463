/* SPDX-License-Identifier: MIT */
#include "service/qotd.h"

#include "service/quotes.h"

#include <string.h>

#define END_LENGTH (sizeof(QUOTES_END) - 1)

struct qotd {
    struct plan plan;
    const struct quotes *quotes;
};

static const struct plan *compile(struct arena *arena, const char *text, size_t length,
                                  const struct site *site, struct template_errors *errors)
{
    struct qotd *qotd = arena_alloc(arena, sizeof(*qotd));

    (void)text;
    (void)length;
    if (!qotd) {
        errors->count = 1;
        message_set(&errors->list[0], TEMPLATE_NO_ROOM);
        return NULL;
    }
    qotd->quotes = site->files.quotes(site->files.context, FORMAT_TEXT);
    qotd->plan = (struct plan){.service = &service_qotd,
                               .time = site->is_daily ? PLAN_SECOND : PLAN_NO_TIME,
                               .longest = qotd->quotes->longest + END_LENGTH};
    return &qotd->plan;
}

static size_t answer(const struct plan *plan, const struct occasion *occasion, char *out)
{
    const struct quotes *quotes = ((const struct qotd *)plan)->quotes;
    const struct quote *quote = plan->time == PLAN_SECOND
                                    ? quotes_of_the_day(quotes, occasion->moment->second)
                                    : quotes_random(quotes, occasion->speaker->id, occasion->answers);

    memcpy(mempcpy(out, quote->text, quote->length), QUOTES_END, END_LENGTH);
    return quote->length + END_LENGTH;
}

const struct service service_qotd = {
    .name = "qotd", .transports = SERVICE_ON_ALL, .says_quotes = true, .compile = compile, .answer = answer};
