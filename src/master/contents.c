/* SPDX-License-Identifier: MIT */
#include "master/contents.h"

#include "base/util.h"
#include "log/log.h"
#include "system/title.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PAUSE      NS_PER_S /* between two checks */
#define FILES_SIZE (CONF_CONTENTS_MAX * sizeof(struct contents_file))

/* Exit status of the child; lower ones are the index of a file that is gone. */
#define EXIT_CHANGED CONF_CONTENTS_MAX
#define EXIT_ORPHAN  (CONF_CONTENTS_MAX + 1)

/* --- The child --- */

static bool is_same(const struct contents_state *a, const struct contents_state *b)
{
    return a->missing == b->missing && a->modified.tv_sec == b->modified.tv_sec &&
           a->modified.tv_nsec == b->modified.tv_nsec;
}

/* Returns whether the state of the file is known. */
static bool get_state(const char *path, struct contents_state *state)
{
    struct stat status;
    bool found = stat(path, &status) == 0;

    *state = (struct contents_state){.missing = !found && errno == ENOENT};
    if (found)
        state->modified = status.st_mtim;
    return found || state->missing;
}

enum contents_finding contents_check(const char *path, struct contents_file *file)
{
    struct contents_state state;
    bool is_settled;

    if (!get_state(path, &state))
        return CONTENTS_SAME;
    is_settled = !file->is_new && is_same(&state, &file->last);
    file->is_new = false;
    file->last = state;
    if (is_same(&state, &file->known)) {
        file->is_gone = false;
        return CONTENTS_SAME;
    }
    if (!is_settled || (state.missing && file->is_gone))
        return CONTENTS_SAME;
    file->is_gone = state.missing;
    if (state.missing)
        return CONTENTS_GONE;
    file->known = state;
    return CONTENTS_CHANGED;
}

static _Noreturn void watch_files(struct contents_file *files, const struct conf_content *first)
{
    for (;;) {
        int i = 0;

        for (const struct conf_content *content = first; content; content = content->next, i++) {
            enum contents_finding sight = contents_check(content->path, &files[i]);

            if (sight != CONTENTS_SAME)
                _exit(sight == CONTENTS_GONE ? i : EXIT_CHANGED);
        }
        nanosleep(&(struct timespec){.tv_sec = PAUSE / NS_PER_S}, NULL);
    }
}

/* Keeps none of the master's descriptors, and any signal ends it. */
static _Noreturn void run_child(struct contents_file *files, const struct conf_content *first, pid_t parent)
{
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_ORPHAN);
    close_range(STDERR_FILENO + 1, ~0u, 0);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    title_set("sockgreetd: watching for changed files");
    watch_files(files, first);
}

/* --- The master --- */

static const char *path_of(const struct conf_content *content, int number)
{
    while (content && number-- > 0)
        content = content->next;
    return content ? content->path : "";
}

/* Returns whether a reload is due. */
static bool report_child(const struct conf *conf, int status)
{
    int seen = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_ORPHAN;

    if (seen == EXIT_CHANGED) {
        log_info("A file used by greetings or quotes has changed: reloading");
        return true;
    }
    if (seen < CONF_CONTENTS_MAX)
        log_warning("%s is gone; its last content is used until a reload without it",
                    path_of(conf->contents, seen));
    return false;
}

static void start(struct contents *contents, const struct conf *conf)
{
    pid_t parent = getpid();

    contents->looked_for = contents->number;
    if (child_fork(contents->children, &contents->child) == 0)
        run_child(contents->files, conf->contents, parent);
}

/* Memory that outlives the child, for the next one. Returns NULL if there is none; then files are not
 * checked. */
static struct contents_file *map_files(void)
{
    void *memory = mmap(NULL, FILES_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static void list_files(struct contents *contents, const struct conf_content *content)
{
    for (size_t i = 0; content; content = content->next, i++)
        contents->files[i] =
            (struct contents_file){.known = {content->modified, content->missing}, .is_new = true};
}

/* A child that still checks for the last generation must not write to the memory of this one. */
static void change_generation(struct contents *contents, const struct generation *serving)
{
    contents->number = serving ? serving->number : 0;
    contents->look_at = 0;
    contents_forget(contents);
    if (contents->child.pid)
        child_kill(&contents->child);
    if (serving && serving->conf->contents)
        contents->files = map_files();
    if (contents->files)
        list_files(contents, serving->conf->contents);
}

/* A child that cannot be killed (it waits for a file system) is not replaced until it has ended. Nothing else
 * depends on it. */
int64_t contents_step(struct contents *contents, const struct generation *serving, bool *changed, int64_t now)
{
    int status;

    if ((serving ? serving->number : 0) != contents->number)
        change_generation(contents, serving);
    if (contents->child.pid) {
        if (!child_take_end(&contents->child, &status))
            return SLOT_NEVER;
        contents->look_at = now + PAUSE;
        *changed = serving && contents->looked_for == contents->number && report_child(serving->conf, status);
    }
    if (!contents->files)
        return SLOT_NEVER;
    if (now < contents->look_at)
        return contents->look_at;
    start(contents, serving->conf);
    return contents->child.pid ? SLOT_NEVER : (contents->look_at = now + PAUSE);
}

void contents_forget(struct contents *contents)
{
    if (contents->files)
        munmap(contents->files, FILES_SIZE);
    contents->files = NULL;
}

void contents_close(struct contents *contents)
{
    contents_forget(contents);
    if (!contents->child.pid)
        return;
    child_kill(&contents->child);
    child_leave(contents->children, &contents->child);
}
