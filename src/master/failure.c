/* SPDX-License-Identifier: MIT */
#include "master/failure.h"

#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>

void failure_note(struct failure *failure, enum failure_kind kind, const char *format, ...)
{
    va_list arguments;

    failure->kind = kind;
    failure->at = monotonic_ns();
    va_start(arguments, format);
    vsnprintf(failure->text, sizeof(failure->text), format, arguments);
    va_end(arguments);
}

void failure_clear(struct failure *failure, enum failure_kind kind)
{
    if (failure->kind == kind)
        *failure = (struct failure){.kind = FAILURE_NONE};
}
