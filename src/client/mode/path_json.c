/* SPDX-License-Identifier: MIT */
#include "client/mode/path_json.h"

#include "client/mode/path_verdicts.h"
#include "client/report/json.h"
#include "client/report/json_value.h"

#include <jansson.h>
#include <string.h>

/* Numbers below 0 are not known. */
static json_t *number(int value)
{
    return value >= 0 ? json_integer(value) : json_null();
}

static json_t *sent(const struct path_leg *leg)
{
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "times", leg->sends, "from",
                     json_value_endpoint(&leg->local), "to", json_value_endpoint(&leg->peer), "hop_limit",
                     number(leg->ttl), "dscp", number(leg->dscp), "ecn", number(leg->ecn), "mss",
                     number(leg->mss));
}

static json_t *seen(const struct path_seen *seen)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "from",
                     json_value_endpoint(&seen->client), "to", json_value_endpoint(&seen->server), "proxy",
                     json_value_host(&seen->proxy), "hop_limit", number(seen->ttl), "dscp",
                     number(seen->dscp), "ecn", number(seen->ecn), "mss", number(seen->mss), "tcp_options",
                     seen->options, "path_mtu", number(seen->path_mtu));
}

static json_t *back(const struct path_leg *leg)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "hop_limit", number(leg->back_ttl), "dscp",
                     number(leg->back_dscp), "mss", number(leg->back_mss), "rtt_ms",
                     json_value_ms(leg->rtt_ns));
}

static json_t *path_mtu(const struct path_mtu *mtu)
{
    static const char *const found[] = {"not searched", "interface", "told", "found", "at least"};

    if (mtu->source == PATH_MTU_NOT_SEARCHED)
        return json_null();
    return json_pack("{s:o, s:s, s:o, s:i, s:i}", "there", number(mtu->there > 0 ? mtu->there : PATH_UNKNOWN),
                     "by", found[mtu->source], "router", json_value_host(&mtu->router), "interface", mtu->own,
                     "datagrams", (int)mtu->datagrams);
}

static json_t *verdicts(const struct path_leg *leg)
{
    static struct path_verdicts judged;
    json_t *list = json_array();

    path_verdicts_judge(&judged, leg);
    for (size_t i = 0; i < judged.count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s}", "topic", path_verdicts_topic(judged.list[i].topic), "finding",
                            path_verdicts_finding(judged.list[i].finding), "text", judged.list[i].text));
    return list;
}

static json_t *leg_object(const struct path_leg *leg)
{
    bool answered = leg->outcome == OUTCOME_ANSWERED;

    return json_pack("{s:s, s:s, s:s?, s:b, s:s, s:o, s:o, s:o, s:o, s:o}", "transport",
                     transport_name(leg->transport), "class", outcome_word(leg->outcome), "error",
                     answered ? NULL : leg->error, "says", leg->seen.says == PATH_SAYS_ENOUGH, "instance",
                     leg->seen.instance, "sent", sent(leg), "seen", seen(&leg->seen), "back", back(leg),
                     "path_mtu", path_mtu(&leg->mtu), "verdicts", verdicts(leg));
}

/* An operand for the same target: without a transport it is asked over both. */
static const char *operand_of(const struct target *target, char *text, size_t size)
{
    size_t prefix = strlen("tcp://");

    target_text(target, text, size);
    return !target->endpoint.transport_given && strncmp(text, "tcp://", prefix) == 0 ? text + prefix : text;
}

json_t *path_json_event(const struct target *target, const struct path_leg *legs, size_t count,
                        const char *error, int64_t now_ns)
{
    char name[TARGET_LABEL_MAX + 32];
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, leg_object(&legs[i]));
    return json_pack("{s:i, s:s, s:o, s:s, s:s?, s:o}", "schema", REPORT_JSON_SCHEMA, "event", "path",
                     "timestamp", json_value_timestamp(now_ns), "target",
                     operand_of(target, name, sizeof(name)), "error", error, "legs", list);
}
