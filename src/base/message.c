/* SPDX-License-Identifier: MIT */
#include "base/message.h"

#include <stdio.h>
#include <string.h>

int message_set(struct message *message, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message->text, sizeof(message->text), format, arguments);
    va_end(arguments);
    return -1;
}

bool message_change(struct message *message, const char *format, ...)
{
    struct message before = *message;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message->text, sizeof(message->text), format, arguments);
    va_end(arguments);
    return strcmp(before.text, message->text) != 0;
}

void message_add(struct message *message, const char *format, ...)
{
    size_t used = strlen(message->text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message->text + used, sizeof(message->text) - used, format, arguments);
    va_end(arguments);
}
