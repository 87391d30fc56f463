/* SPDX-License-Identifier: MIT */
#include "service/template_fold.h"

#include "service/template_part.h"

#include <string.h>

/* One part more than before: the last one may get text without a variable. */
static size_t size_of_parts(const struct template *compiled)
{
    return (compiled->part_count + 1) * sizeof(struct template_part);
}

size_t template_folded_size(const struct template *compiled)
{
    return size_of_parts(compiled) + compiled->max_length;
}

void template_fold(const struct template *compiled, template_lasting *is_lasting, template_value *value,
                   const void *context, void *memory, struct template *folded)
{
    char *text = (char *)memory + size_of_parts(compiled), *at = text;
    struct template_part *parts = memory, *to = parts;

    *folded = (struct template){.parts = parts, .max_length = compiled->max_length, .prefix = text};
    for (size_t i = 0; i < compiled->part_count; i++) {
        const struct template_part *part = &compiled->parts[i];

        at = mempcpy(at, part->text, part->length);
        if (part->variable == TEMPLATE_NONE)
            break;
        if (is_lasting(part->variable, part->argument)) {
            at = template_put_value(part, value, context, at);
            continue;
        }
        folded->uses |= UINT64_C(1) << part->variable;
        *to = *part;
        to->text = text;
        to++->length = (size_t)(at - text);
        text = at;
    }
    *to++ = (struct template_part){.text = text, .length = (size_t)(at - text), .variable = TEMPLATE_NONE};
    folded->part_count = (size_t)(to - parts);
    folded->prefix_length = parts[0].length;
}
