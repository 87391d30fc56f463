/* SPDX-License-Identifier: MIT */
#include "service/services.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(services, a_listener_that_names_none_greets)
{
    cr_assert_str_eq(services_row(0)->name, "greeting");
}

static const struct quotes *told(void *context, enum format format)
{
    static const struct quote quote = {"one of many", 11};
    static const struct quotes quotes = {&quote, 1, 11};

    (void)context;
    (void)format;
    return &quotes;
}

/* Whatever the row, who serves can rely on this. */
static void check_row(const struct service *service)
{
    static const struct peer nobody;
    static struct moment moment;
    const struct state state = STATE_DEFAULT;
    static const struct speaker speaker;
    const struct occasion occasion = {
        .peer = &nobody, .speaker = &speaker, .moment = &moment, .state = &state};
    const struct site site = {.files.quotes = told};
    struct template_errors errors;
    struct arena arena;
    const struct plan *plan;
    char *out;
    size_t length;

    cr_assert_eq(arena_open(&arena, 1 << 20), 0);
    cr_assert_neq(service->compile == NULL, service->fixed == NULL, "%s", service->name);
    plan = service->fixed ? service->fixed : service->compile(&arena, "one of many", 11, &site, &errors);
    cr_assert_not_null(plan, "%s", service->name);
    cr_assert_eq(plan->service, service);
    out = malloc(plan->longest);
    cr_assert_not_null(out);
    moment_set(&moment, (struct timespec){.tv_sec = 1});
    length = service->answer(plan, &occasion, out);
    cr_assert_leq(length, plan->longest);
    cr_assert(!plan->is_constant || (plan->length == length && memcmp(out, plan->bytes, length) == 0));
    free(out);
    arena_close(&arena);
}

Test(services, every_row_keeps_its_promises)
{
    const struct service *service, *other;
    size_t rows = 0;

    for (; (service = services_row(rows)); rows++) {
        cr_assert_neq(service->transports & SERVICE_ON_ALL, 0, "%s", service->name);
        check_row(service);
        for (size_t before = 0; before < rows && (other = services_row(before)); before++)
            cr_assert_str_neq(other->name, service->name);
    }
    cr_assert_gt(rows, 0);
}
