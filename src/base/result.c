/* SPDX-License-Identifier: MIT */
#include "base/result.h"

const char *result_name(enum result result)
{
#define RESULT_NAME(id, name, refusal) [RESULT_##id] = name,
    static const char *const names[RESULT_COUNT] = {RESULTS(RESULT_NAME)};
    return names[result];
}

bool result_is_refusal(enum result result)
{
#define RESULT_REFUSAL(id, name, refusal) [RESULT_##id] = refusal,
    static const bool refusals[RESULT_COUNT] = {RESULTS(RESULT_REFUSAL)};
    return refusals[result];
}
