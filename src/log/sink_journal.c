/* SPDX-License-Identifier: MIT */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "log/sink_journal.h"

#include "shm/event.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define SOCKET     "/run/systemd/journal/socket"
#define FIELDS_MAX 24

int sink_journal_write(int level, const char *message_id, const char *message, const char *const *fields,
                       size_t field_count)
{
    char priority[16], id[64], text[EVENT_SIZE + 16];
    struct iovec iov[FIELDS_MAX + 3];
    int count = 0;

    /* sd_journal_sendv() returns 0 if there is no journald (ENOENT). */
    if (access(SOCKET, F_OK) < 0)
        return -errno;
    snprintf(priority, sizeof(priority), "PRIORITY=%d", level);
    snprintf(text, sizeof(text), "MESSAGE=%s", message);
    iov[count++] = (struct iovec){priority, strlen(priority)};
    iov[count++] = (struct iovec){text, strlen(text)};
    if (message_id && *message_id) {
        snprintf(id, sizeof(id), "MESSAGE_ID=%s", message_id);
        iov[count++] = (struct iovec){id, strlen(id)};
    }
    for (size_t i = 0; i < field_count && i < FIELDS_MAX; i++)
        iov[count++] = (struct iovec){(void *)(uintptr_t)fields[i], strlen(fields[i])};
    return sd_journal_sendv(iov, count);
}
