/* SPDX-License-Identifier: MIT */
/* sockgreetd: greets every client. */
#include "check.h"
#include "cmdline.h"
#include "listener.h"
#include "loader.h"
#include "log.h"
#include "master.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static int status_of(enum loader_status status)
{
    return status == LOADER_LOADED ? 0 : status == LOADER_REFUSED ? EX_CONFIG : EX_OSERR;
}

/* Each line of what the loader said, as an event. */
static void log_messages(char *messages, bool refused)
{
    char *rest = messages;

    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
        if (*line)
            log_event(refused ? LOG_ERR : LOG_WARNING, refused ? MESSAGE_CONFIGURATION_REFUSED : NULL, NULL, "%s", line);
}

static int load(const struct conf_source *source, const struct conf **conf)
{
    char *messages = NULL;
    enum loader_status status = loader_run(source, conf, &messages);

    log_open(*conf ? (*conf)->log_target : CONF_LOG_AUTO, *conf ? (*conf)->log_level : LOG_INFO);
    if (messages)
        log_messages(messages, status != LOADER_LOADED);
    free(messages);
    return status_of(status);
}

int main(int argc, char **argv)
{
    const struct conf *conf = NULL;
    struct cmdline cmdline;
    int status = cmdline_parse(argc, argv, &cmdline);

    if (status != CMDLINE_GO_ON)
        return status;
    if (cmdline.action != CMDLINE_RUN) {
        status = check_run(&cmdline);
    } else if (listener_inherit() < 0) { /* before any other descriptor is opened */
        status = EX_OSERR;
    } else {
        status = load(&cmdline.source, &conf);
        if (status == 0)
            status = master_run(conf);
        conf_free(conf);
    }
    cmdline_free(&cmdline);
    return status;
}
