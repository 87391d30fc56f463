/* SPDX-License-Identifier: MIT */
/* sockgreetd: greets every client. */
#include "conf/conf_loader.h"
#include "control/protocol.h"
#include "daemon/check.h"
#include "daemon/options.h"
#include "log/log.h"
#include "master/master.h"
#include "net/sockets.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* What was loaded, and from where. */
struct loaded {
    const struct conf *conf;
    char *messages; /* why it is not the file's */
    bool degraded;
};

static int load(const struct conf_source *source, struct loaded *loaded)
{
    enum loader_status status = loader_run(source, &loaded->conf, &loaded->messages);

    log_open(loaded->conf ? loaded->conf->log_target : CONF_LOG_AUTO,
             loaded->conf ? loaded->conf->log_level : LOG_INFO);
    log_loader_messages(loaded->messages);
    return status == LOADER_LOADED ? 0 : status == LOADER_REFUSED ? EX_CONFIG : EX_OSERR;
}

/* A restart with a broken file is no outage: the configuration that served before the restart serves on. */
static int load_last_good(struct loaded *loaded)
{
    char path[512], *messages = NULL;
    struct conf_source source = {.path = path, .path_given = true};

    if (!protocol_path(PROTOCOL_LAST_GOOD, path, sizeof(path)) || access(path, R_OK) < 0)
        return EX_CONFIG;
    if (loader_run(&source, &loaded->conf, &messages) != LOADER_LOADED) {
        log_loader_messages(messages);
        free(messages);
        return EX_CONFIG;
    }
    free(messages);
    loaded->degraded = true;
    log_open(loaded->conf->log_target, loaded->conf->log_level);
    log_event(LOG_ERR, MESSAGE_CONFIGURATION_REFUSED, NULL,
              "The configuration was refused; the last good one serves until a reload succeeds");
    return 0;
}

/* The path of this program, which an upgrade executes when another file stands there. */
static void keep_own_path(char **argv)
{
    static char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (length > 0)
        argv[0] = path;
}

/* A start that fails, say because another program has the port, is going to fail again. systemd repeats it
 * after RestartSec, which is short for the sake of clients that wait. This keeps the log readable. */
static void rest_before_restart(void)
{
    struct timespec second = {.tv_sec = 1};
    sigset_t stop;

    if (!getenv("NOTIFY_SOCKET"))
        return;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigtimedwait(&stop, NULL, &second);
}

static int run(const struct cmdline *cmdline, char **argv)
{
    struct loaded loaded = {0};
    int inherited = listener_inherit(), status; /* before any other descriptor is opened */

    master_block_signals();
    if (inherited < 0) {
        fprintf(stderr, "sockgreetd: cannot take over the sockets passed: %s\n", strerror(-inherited));
        return EX_OSERR;
    }
    status = load(&cmdline->source, &loaded);
    if (status && inherited > 0 && getenv("NOTIFY_SOCKET"))
        status = load_last_good(&loaded);
    if (status == 0) {
        struct master_settings settings = {
            .source = &cmdline->source, .degraded = loaded.degraded ? loaded.messages : NULL, .argv = argv};

        keep_own_path(argv);
        status = master_run(&settings, loaded.conf);
    }
    free(loaded.messages);
    if (status == EX_OSERR)
        rest_before_restart();
    return status;
}

int main(int argc, char **argv)
{
    struct cmdline cmdline;
    int status = cmdline_parse(argc, argv, &cmdline);

    if (status != CMDLINE_GO_ON)
        return status;
    status = cmdline.action == CMDLINE_RUN ? run(&cmdline, argv) : check_run(&cmdline);
    cmdline_free(&cmdline);
    return status;
}
