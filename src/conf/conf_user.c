/* SPDX-License-Identifier: MIT */
#include "conf/conf_user.h"

#include "base/message.h"
#include "conf/conf_report.h"
#include "conf/conf_resolve.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FALLBACK_USER "nobody"

/* Naming the default is the same as not naming it, so that the example file works everywhere. */
static bool is_default(const char *name)
{
    return strcmp(name, CONF_DEFAULT_USER) == 0;
}

static void fall_back(struct conf_builder *builder, const char *setting, const char *kind, const char *name)
{
    conf_warning(builder->report, 0, setting, "there is no %s %s, so the workers run as %s", kind,
                 conf_quote(CONF_DEFAULT_USER).text, name);
}

/* result: of conf_resolve_...() */
static void not_resolved(struct conf_builder *builder, struct conf_place place, const char *setting,
                         int result, const struct message *error)
{
    conf_error(builder->report, conf_report_line(builder->report, place), setting, "%s", error->text);
    if (result == -EAGAIN)
        conf_report_temporary(builder->report);
}

static bool resolve_user(struct conf_builder *builder, struct conf_place place, gid_t *primary)
{
    struct conf *conf = builder->conf;
    struct message error;
    int result = conf_resolve_user(conf->user, &conf->uid, primary, &error);

    if (result == 0)
        return true;
    if (!is_default(conf->user) || result == -EAGAIN) {
        not_resolved(builder, place, "user", result, &error);
        return false;
    }
    if (conf_resolve_user(FALLBACK_USER, &conf->uid, primary, &error) == 0) {
        fall_back(builder, "user", "user", FALLBACK_USER);
        return true;
    }
    conf_error(builder->report, conf_report_line(builder->report, place), "user",
               "there is neither a user \"%s\" nor \"%s\"; allowed: an existing user, by name or number",
               CONF_DEFAULT_USER, FALLBACK_USER);
    return false;
}

/* Takes the user's own group if none is set. */
static void take_primary(struct conf_builder *builder, gid_t primary)
{
    struct conf *conf = builder->conf;
    const struct group *entry = getgrgid(primary);
    char number[24];

    snprintf(number, sizeof(number), "%u", primary);
    conf->gid = primary;
    conf->group = conf_builder_copy(builder, entry ? entry->gr_name : number);
}

static void resolve_group(struct conf_builder *builder, struct conf_place place, gid_t primary)
{
    struct conf *conf = builder->conf;
    struct message error;
    int result = conf_resolve_group(conf->group, &conf->gid, &error);

    if (result == 0)
        return;
    if (result != -EAGAIN && is_default(conf->group) && primary != (gid_t)-1)
        conf->gid = primary;
    else
        not_resolved(builder, place, "group", result, &error);
}

void conf_user_resolve(struct conf_builder *builder, struct conf_place user_place,
                       struct conf_place group_place)
{
    struct conf *conf = builder->conf;
    gid_t primary = (gid_t)-1;

    /* A user other than root cannot change the user, so the default one need not exist. */
    if (geteuid() != 0 && is_default(conf->user) && is_default(conf->group))
        return;
    if (!resolve_user(builder, user_place, &primary))
        return;
    if (group_place.line || is_default(conf->user))
        resolve_group(builder, group_place, primary);
    else if (primary != (gid_t)-1)
        take_primary(builder, primary);
    else
        conf_error(builder->report, conf_report_line(builder->report, user_place), "user",
                   "no user has the number %s, so its group is unknown; set group as well", conf->user);
    conf->change_user = geteuid() == 0 && conf->uid != 0;
    if (geteuid() == 0 && conf->uid == 0)
        conf_warning(builder->report, conf_report_line(builder->report, user_place), "user",
                     "the workers run as root, though without capabilities");
}

void conf_user_resolve_control(struct conf_builder *builder, struct conf_place place)
{
    struct conf *conf = builder->conf;
    struct message error;
    int result;

    conf->control_gid = (gid_t)-1;
    if (!*conf->control_group)
        return;
    result = conf_resolve_group(conf->control_group, &conf->control_gid, &error);
    if (result == 0)
        return;
    conf->control_gid = (gid_t)-1;
    if (!is_default(conf->control_group))
        not_resolved(builder, place, "control.group", result, &error);
}
