/* SPDX-License-Identifier: MIT */
#include "service/qotd.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct quote list[] = {{"One.", 4}, {"Two\r\nlines.", 11}};
static const struct quotes quotes = {list, 2, 11};
static const struct speaker speaker = {.id = 0xabc};
static struct arena arena;
static struct template_errors errors;

static const struct quotes *told(void *context, enum format format)
{
    (void)context;
    cr_assert_eq(format, FORMAT_TEXT);
    return &quotes;
}

static const struct plan *compiled(bool is_daily)
{
    const struct site site = {.files.quotes = told, .is_daily = is_daily};
    const struct plan *plan;

    cr_assert_eq(arena_open(&arena, 1 << 16), 0);
    plan = service_qotd.compile(&arena, "", 0, &site, &errors);
    cr_assert_not_null(plan);
    cr_assert_eq(plan->longest, strlen("Two\r\nlines.\r\n"));
    return plan;
}

/* Which quote it is, with the end of its last line. */
static unsigned asked(const struct plan *plan, const struct occasion *occasion)
{
    char out[64];
    size_t length = plan->service->answer(plan, occasion, out);

    cr_assert_leq(length, plan->longest);
    out[length] = '\0';
    if (strcmp(out, "One.\r\n") == 0)
        return 0;
    cr_assert_str_eq(out, "Two\r\nlines.\r\n");
    return 1;
}

Test(qotd, each_client_is_told_any)
{
    const struct plan *plan = compiled(false);
    unsigned counts[2] = {0};

    cr_assert_eq(plan->time, PLAN_NO_TIME);
    for (uint64_t i = 1; i <= 100; i++)
        counts[asked(plan, &(struct occasion){.speaker = &speaker, .answers = i})]++;
    cr_assert(counts[0] > 0 && counts[1] > 0);
    arena_close(&arena);
}

Test(qotd, a_day_has_one)
{
    const struct plan *plan = compiled(true);

    cr_assert_eq(plan->time, PLAN_SECOND);
    for (uint64_t i = 1; i <= 100; i++) {
        const struct moment today = {.second = 86399}, tomorrow = {.second = 86400};

        cr_assert_eq(asked(plan, &(struct occasion){.speaker = &speaker, .answers = i, .moment = &today}), 0);
        cr_assert_eq(asked(plan, &(struct occasion){.speaker = &speaker, .answers = i, .moment = &tomorrow}),
                     1);
    }
    arena_close(&arena);
}

Test(qotd, without_memory_there_is_an_error)
{
    const struct site site = {.files.quotes = told};

    cr_assert_eq(arena_open(&arena, 1), 0);
    cr_assert(arena_alloc(&arena, arena.size));
    cr_assert_null(service_qotd.compile(&arena, "", 0, &site, &errors));
    cr_assert_eq(errors.count, 1);
    cr_assert_str_eq(errors.list[0].text, TEMPLATE_NO_ROOM);
    arena_close(&arena);
}
