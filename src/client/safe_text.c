/* SPDX-License-Identifier: MIT */
#include "client/safe_text.h"

#include "base/escape.h"
#include "base/printable.h"

#include <stdbool.h>
#include <string.h>

#define PIECE_MAX (4 * PRINTABLE_BYTES_MAX + 1)

/* A character as printed: unchanged, or escaped. */
struct piece {
    char text[PIECE_MAX];
    size_t length;
    size_t columns;
};

/* Reads the next piece, which is never cut. Returns the number of bytes read. */
static size_t read_piece(struct piece *piece, const char *bytes, size_t count, unsigned *marks_left)
{
    uint32_t character;
    size_t length = printable_read(bytes, count, &character);

    if (printable_shows(character, marks_left)) {
        memcpy(piece->text, bytes, length);
        piece->length = length;
        piece->columns = printable_columns(character);
    } else {
        piece->length = piece->columns = escape_bytes(piece->text, sizeof(piece->text), bytes, length);
    }
    return length;
}

/* The length of a newline or tab at bytes, which is kept; 0 if there is neither. */
static size_t layout_length(const char *bytes, size_t count)
{
    if (bytes[0] == '\n' || bytes[0] == '\t')
        return 1;
    return count > 1 && bytes[0] == '\r' && bytes[1] == '\n' ? 2 : 0;
}

void safe_text_print(FILE *out, const char *bytes, size_t count)
{
    unsigned marks_left = 0;

    for (size_t i = 0; i < count;) {
        size_t layout = layout_length(bytes + i, count - i);
        struct piece piece;

        if (layout > 0) {
            fwrite(bytes + i, 1, layout, out);
            marks_left = 0;
            i += layout;
        } else {
            i += read_piece(&piece, bytes + i, count - i, &marks_left);
            fwrite(piece.text, 1, piece.length, out);
        }
    }
    if (count > 0 && bytes[count - 1] != '\n')
        fputc('\n', out);
}

static struct piece ellipsis(void)
{
    if (printable_is_utf8())
        return (struct piece){.text = "\u2026", .length = 3, .columns = 1};
    return (struct piece){.text = "...", .length = 3, .columns = 3};
}

size_t safe_text_trimmed(const char *bytes, size_t count)
{
    while (count > 0 && (bytes[count - 1] == '\n' || bytes[count - 1] == '\r'))
        count--;
    return count;
}

/* A line that is being filled. */
struct room {
    char *line;
    size_t size, columns;      /* available */
    size_t used, used_columns; /* in use */
};

static bool fits(const struct room *room, const struct piece *piece)
{
    return piece->length < room->size - room->used && piece->columns <= room->columns - room->used_columns;
}

static void append(struct room *room, const struct piece *piece)
{
    memcpy(room->line + room->used, piece->text, piece->length);
    room->used += piece->length;
    room->used_columns += piece->columns;
}

/* Appends pieces until one does not fit. *end becomes the last state in which an ellipsis fits, if there is
 * one. Returns whether all pieces fit. */
static bool fill(struct room *room, struct room *end, const struct piece *dots, const char *bytes,
                 size_t count)
{
    unsigned marks_left = 0;

    for (size_t i = 0; i < count;) {
        struct piece piece;

        if (fits(room, dots))
            *end = *room;
        i += read_piece(&piece, bytes + i, count - i, &marks_left);
        if (!fits(room, &piece))
            return false;
        append(room, &piece);
    }
    return true;
}

size_t safe_text_line(char *line, size_t size, size_t columns, const char *bytes, size_t count)
{
    struct room room = {.line = line, .size = size, .columns = columns}, end = room;
    const struct piece dots = ellipsis();

    if (size == 0)
        return 0;
    if (!fill(&room, &end, &dots, bytes, safe_text_trimmed(bytes, count)) && fits(&end, &dots)) {
        room = end;
        append(&room, &dots);
    }
    line[room.used] = '\0';
    return room.used;
}
