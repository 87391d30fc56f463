/* SPDX-License-Identifier: MIT */
#include "master/readiness.h"

#include "base/util.h"
#include "log/log.h"
#include "system/runtime.h"

#include <string.h>
#include <sys/stat.h>

#define LOOK_NS NS_PER_S

const char *readiness_origin_name(enum readiness_origin origin)
{
    static const char *const names[] = {[READINESS_DEFAULT] = "default",
                                        [READINESS_OPERATOR] = "operator",
                                        [READINESS_FILE] = "maintenance_file",
                                        [READINESS_STOP] = "stop"};

    return names[origin];
}

/* --- What is in effect --- */

static struct state judge(const struct readiness *readiness, enum readiness_origin *origin)
{
    const struct state *const said[] = {[READINESS_OPERATOR] = &readiness->set,
                                        [READINESS_FILE] = &readiness->file,
                                        [READINESS_STOP] = &readiness->stop};
    struct state state;

    *origin = READINESS_OPERATOR;
    for (enum readiness_origin i = READINESS_OPERATOR; i <= READINESS_STOP; i++)
        if (state_worse(said[*origin], said[i]) == said[i])
            *origin = i;
    state = *said[*origin];
    state.weight = readiness->set.weight;
    if (state_equal(&state, &STATE_DEFAULT))
        *origin = READINESS_DEFAULT;
    return state;
}

static void report(const struct readiness *readiness, const char *who)
{
    const struct state *state = &readiness->state;
    const char *word = state_name(state->word), *reason = state->reason;
    char weight[16];

    snprintf(weight, sizeof(weight), "%u", state->weight);
    log_event(LOG_NOTICE, MESSAGE_STATE,
              LOG_FIELDS("SOCKGREET_STATE", word, "SOCKGREET_WEIGHT", weight, "SOCKGREET_REASON", reason),
              "State: %s, weight %s%%%s%s (%s)", word, weight, *reason ? ": " : "", reason, who);
}

/* Computes the state in effect. Returns whether it has changed. */
static bool update_state(struct readiness *readiness, int64_t now)
{
    enum readiness_origin origin;
    struct state state = judge(readiness, &origin);

    if (origin == readiness->origin && state_equal(&state, &readiness->state))
        return false;
    readiness->state = state;
    readiness->origin = origin;
    readiness->since = now;
    generations_tell(readiness->generations, &state);
    return true;
}

/* The same, and logs a change; who: its author, NULL for the origin. */
static void update_and_log(struct readiness *readiness, const char *who, int64_t now)
{
    if (!update_state(readiness, now) && !readiness->unreported)
        return;
    readiness->unreported = false;
    report(readiness, who ? who : readiness_origin_name(readiness->origin));
}

void readiness_open(struct readiness *readiness, struct generations *generations, int64_t now)
{
    *readiness = (struct readiness){.generations = generations,
                                    .set = STATE_DEFAULT,
                                    .file = STATE_DEFAULT,
                                    .stop = STATE_DEFAULT,
                                    .state = STATE_DEFAULT,
                                    .since = now,
                                    .look_at = SLOT_NEVER};
}

/* --- The operator's state --- */

static void write_state(FILE *out, const void *state)
{
    char text[STATE_TEXT_MAX];

    state_print(state, text);
    fprintf(out, "%s\n", text);
}

static void save(struct readiness *readiness)
{
    int error = readiness->keeps ? runtime_replace(PROTOCOL_STATE, write_state, &readiness->set) : 0;

    readiness->unkept.text[0] = '\0';
    if (!error)
        return;
    message_set(&readiness->unkept, "the state cannot be saved and is lost when this process ends: %s",
                strerror(-error));
    log_warning("%s", readiness->unkept.text);
}

void readiness_set(struct readiness *readiness, const struct state *state, uid_t user, int64_t now)
{
    char who[32];

    readiness->set = *state;
    save(readiness);
    snprintf(who, sizeof(who), "set by uid %u", (unsigned)user);
    update_and_log(readiness, who, now);
}

void readiness_restore(struct readiness *readiness, int64_t now)
{
    char text[STATE_TEXT_MAX + 1]; /* with a newline */
    ssize_t length = runtime_read(PROTOCOL_STATE, text, sizeof(text));
    struct message error;

    readiness->keeps = true;
    if (length == -ENOENT)
        return;
    if (length < 0)
        message_set(&error, "%s", strerror((int)-length));
    else
        text[strcspn(text, "\n")] = '\0';
    if (length < 0 || state_parse(text, &readiness->set, &error) < 0)
        log_warning("cannot use the file %s in the runtime directory: %s; the state is %s", PROTOCOL_STATE,
                    error.text, state_name(readiness->set.word));
    readiness->unreported |= update_state(readiness, now);
}

/* --- The maintenance file --- */

static void find_file(struct readiness *readiness, const char *path)
{
    struct message reason;

    message_set(&reason, "maintenance_file exists: %s", path);
    readiness->file.word = STATE_MAINT;
    state_set_reason(&readiness->file, reason.text);
}

/* If it is unknown whether the file exists, the state stays as it was. */
static void check_file(struct readiness *readiness, const char *path)
{
    struct stat status;
    int error = stat(path, &status) < 0 ? errno : 0;

    if (error && error != ENOENT && error != ENOTDIR) {
        if (message_change(&readiness->unknown, "cannot check for the maintenance_file %s: %s", path,
                           strerror(error)))
            log_warning("%s", readiness->unknown.text);
        return;
    }
    readiness->unknown.text[0] = '\0';
    if (error)
        readiness->file = STATE_DEFAULT;
    else
        find_file(readiness, path);
}

int64_t readiness_step(struct readiness *readiness, int64_t now)
{
    const struct generation *generation = generations_current(readiness->generations);

    if (!generation)
        return SLOT_NEVER;
    if (now < readiness->look_at && generation->number == readiness->looked_for && !readiness->unreported)
        return readiness->look_at;
    readiness->looked_for = generation->number;
    readiness->look_at = *generation->conf->maintenance_file ? now + LOOK_NS : SLOT_NEVER;
    if (*generation->conf->maintenance_file)
        check_file(readiness, generation->conf->maintenance_file);
    else
        readiness->file = STATE_DEFAULT;
    update_and_log(readiness, NULL, now);
    return readiness->look_at;
}

/* --- The end --- */

void readiness_stop(struct readiness *readiness, int64_t now)
{
    readiness->stop.word = STATE_DRAIN;
    state_set_reason(&readiness->stop, "stopping");
    update_state(readiness, now);
}
