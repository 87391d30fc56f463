/* SPDX-License-Identifier: MIT */
#include "conf/conf_table.h"

#include "base/util.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* clang-format off */
static const struct conf_choice sandboxes[] = {
    {"auto", CONF_SANDBOX_AUTO},
    {"strict", CONF_SANDBOX_STRICT},
    {"off", CONF_SANDBOX_OFF},
    {NULL, 0},
};
static const struct conf_choice log_targets[] = {
    {"auto", CONF_LOG_AUTO},
    {"journal", CONF_LOG_JOURNAL},
    {"stderr", CONF_LOG_STDERR},
    {NULL, 0},
};
static const struct conf_choice log_levels[] = {
    {"error", LOG_ERR},
    {"warning", LOG_WARNING},
    {"notice", LOG_NOTICE},
    {"info", LOG_INFO},
    {"debug", LOG_DEBUG},
    {NULL, 0},
};
static const struct conf_choice log_greetings[] = {
    {"each", CONF_GREETINGS_EACH},
    {"summary", CONF_GREETINGS_SUMMARY},
    {"off", CONF_GREETINGS_OFF},
    {NULL, 0},
};
static const struct conf_choice refusals[] = {
    {"close", CONF_REFUSE_CLOSE},
    {"reset", CONF_REFUSE_RESET},
    {NULL, 0},
};
static const struct conf_choice ends[] = {
    {"close", CONF_END_CLOSE},
    {"reset", CONF_END_RESET},
    {"hold", CONF_END_HOLD},
    {NULL, 0},
};
static const struct conf_choice transports[] = {
    {"tcp", TRANSPORT_TCP},
    {"udp", TRANSPORT_UDP},
    {"unix", TRANSPORT_UNIX},
    {"unix-dgram", TRANSPORT_UNIX_DGRAM},
    {NULL, 0},
};

static const struct conf_choice services[] = { /* by row of the table of services */
    {"greeting", 0},
    {"daytime", 1},
    {"time", 2},
    {"qotd", 3},
    {"http", 4},
    {"agent", 5},
    {"monitor", 6},
    {NULL, 0},
};

static const struct conf_choice formats[] = {
    {"text", FORMAT_TEXT},
    {"json", FORMAT_JSON},
    {"line", FORMAT_LINE},
    {NULL, 0},
};

static const struct conf_choice quotes[] = {
    {"random", CONF_QUOTE_RANDOM},
    {"daily", CONF_QUOTE_DAILY},
    {NULL, 0},
};

#define NETWORKS .max = CONF_PREFIXES_MAX, .example = "(\"192.0.2.0/24\", \"2001:db8::/32\")"
#define AT(member) .offset = offsetof(struct conf, member)
static const struct conf_setting service_settings[] = {
    {"greeting", CONF_STRING, AT(greeting), .text = "Thank you for connecting\r\n"},
    {"instance", CONF_STRING, AT(instance), .text = ""},
    {"environment", CONF_LIST, AT(environment), .min = 0, .max = 64, .example = "(\"REGION\", \"ZONE\")"},
    {"maintenance_file", CONF_STRING, AT(maintenance_file), .text = ""},
    {"quotes", CONF_LIST, AT(quotes), .min = 0, .max = 64, .example = "(\"/usr/share/games/fortunes/fortunes\")"},
    {"user", CONF_STRING, AT(user), .text = CONF_DEFAULT_USER},
    {"group", CONF_STRING, AT(group), .text = CONF_DEFAULT_USER},
    {"sandbox", CONF_CHOICE, AT(sandbox), .number = CONF_SANDBOX_AUTO, .choices = sandboxes},
    {"workers.processes", CONF_COUNT, AT(processes), .number = 2, .min = 1, .max = 256},
    {"workers.threads", CONF_COUNT, AT(threads), .number = 0, .min = 0, .max = 256},
    {"log.target", CONF_CHOICE, AT(log_target), .number = CONF_LOG_AUTO, .choices = log_targets},
    {"log.level", CONF_CHOICE, AT(log_level), .number = LOG_INFO, .choices = log_levels},
    {"log.greetings", CONF_CHOICE, AT(log_greetings), .number = CONF_GREETINGS_EACH, .choices = log_greetings},
    {"log.max_per_second", CONF_COUNT, AT(log_max_per_second), .number = 300, .min = 0, .max = 1000000},
    {"log.summary_interval", CONF_TIME, AT(log_summary_interval_ns), .number = 10, .min = 0.1, .max = 3600},
    {"timeouts.linger", CONF_TIME, AT(linger_ns), .number = 2, .min = 0, .max = 3600},
    {"timeouts.linger_total", CONF_TIME, AT(linger_total_ns), .number = 5, .min = 0, .max = 3600},
    {"timeouts.send", CONF_TIME, AT(send_ns), .number = 5, .min = 0.1, .max = 3600},
    {"timeouts.send_total", CONF_TIME, AT(send_total_ns), .number = 30, .min = 0.1, .max = 3600},
    {"timeouts.proxy", CONF_TIME, AT(proxy_ns), .number = 3, .min = 0.1, .max = 3600},
    {"timeouts.request", CONF_TIME, AT(request_ns), .number = 5, .min = 0.1, .max = 3600},
    {"timeouts.drain", CONF_TIME, AT(drain_ns), .number = 30, .min = 0, .max = 3600},
    {"timeouts.drain_delay", CONF_TIME, AT(drain_delay_ns), .number = 0, .min = 0, .max = 3600},
    {"limits.connections", CONF_COUNT, AT(connections), .number = 10000, .min = 1, .max = 1000000},
    {"limits.per_source", CONF_COUNT, AT(rates.per_source), .number = 0, .min = 0, .max = 50000},
    {"limits.rate", CONF_NUMBER, AT(rates.rate), .number = 0, .min = 0.01, .max = 10000, .or_zero = true},
    {"limits.burst", CONF_COUNT, AT(rates.burst), .number = 50, .min = 1, .max = 100000},
    {"limits.net_rate", CONF_NUMBER, AT(rates.net_rate), .number = 0, .min = 0.01, .max = 10000, .or_zero = true},
    {"limits.net_burst", CONF_COUNT, AT(rates.net_burst), .number = 200, .min = 1, .max = 100000},
    {"limits.dry_run", CONF_BOOL, AT(dry_run), .number = false},
    {"networks", .type = CONF_GROUPS},
    {"access.allow", CONF_LIST, AT(access.allow), .min = 0, NETWORKS},
    {"access.deny", CONF_LIST, AT(access.deny), .min = 0, NETWORKS},
    {"access.on_refuse", CONF_CHOICE, AT(on_refuse), .number = CONF_REFUSE_CLOSE, .choices = refusals},
    {"control.group", CONF_STRING, AT(control_group), .text = CONF_DEFAULT_USER},
    {"supervision.heartbeat", CONF_TIME, AT(heartbeat_ns), .number = 1, .min = 0.1, .max = 60, .or_zero = true},
    {"supervision.stuck_after", CONF_COUNT, AT(stuck_after), .number = 2, .min = 0, .max = 1000},
    {"listeners", .type = CONF_GROUPS},
};
#undef AT

#define AT(member) .offset = offsetof(struct conf_listener, member)
#define TCP        (1u << TRANSPORT_TCP)
#define UDP        (1u << TRANSPORT_UDP)
#define STREAM     (TCP | 1u << TRANSPORT_UNIX)
#define DGRAM      (UDP | 1u << TRANSPORT_UNIX_DGRAM)
#define IP         (TCP | UDP)
#define ADDRESSED  (IP | 1u << TRANSPORT_UNIX) /* where PROXY headers are possible */
#define UNIX       (1u << TRANSPORT_UNIX | 1u << TRANSPORT_UNIX_DGRAM)
static const struct conf_setting listener_settings[] = {
    {"type", CONF_CHOICE, AT(transport), .number = TRANSPORT_TCP, .choices = transports, .transports = IP | UNIX},
    {"address", CONF_WORD, AT(address), .text = "", .transports = IP},
    {"port", CONF_WORD, AT(port), .text = "12345", .transports = IP},
    {"path", CONF_STRING, AT(path), .text = "", .transports = UNIX},
    {"mode", CONF_STRING, AT(mode), .text = "0666", .transports = UNIX},
    {"owner", CONF_STRING, AT(owner), .text = "", .transports = UNIX},
    {"group", CONF_STRING, AT(group), .text = "", .transports = UNIX},
    {"service", CONF_CHOICE, AT(service), .number = 0, .choices = services, .transports = IP | UNIX},
    {"format", CONF_CHOICE, AT(format), .number = FORMAT_TEXT, .choices = formats, .transports = IP | UNIX},
    {"quote", CONF_CHOICE, AT(quote), .number = CONF_QUOTE_RANDOM, .choices = quotes, .transports = IP | UNIX},
    {"greeting", CONF_STRING, AT(greeting_text), .text = NULL, .transports = IP | UNIX},
    {"weight_by_load", CONF_BOOL, AT(weight_by_load), .number = false, .transports = STREAM},
    {"linger", CONF_TIME, AT(linger_ns), .number = 0, .min = 0, .max = 3600, .transports = STREAM},
    {"delay", CONF_TIME, AT(delay_ns), .number = 0, .min = 0, .max = 3600, .transports = STREAM},
    {"chunk", CONF_COUNT, AT(chunk), .number = 0, .min = 0, .max = 65536, .transports = STREAM},
    {"chunk_pause", CONF_TIME, AT(chunk_pause_ns), .number = 1, .min = 0.001, .max = 60, .transports = STREAM},
    {"end", CONF_CHOICE, AT(end), .number = CONF_END_CLOSE, .choices = ends, .transports = STREAM},
    {"backlog", CONF_COUNT, AT(backlog), .number = 4096, .min = 1, .max = 65535, .transports = STREAM},
    {"interface", CONF_STRING, AT(interface), .text = "", .transports = IP},
    {"free_bind", CONF_BOOL, AT(free_bind), .number = false, .transports = IP},
    {"shards", CONF_COUNT, AT(shards_given), .number = 0, .min = 0, .max = 64, .transports = UDP},
    {"max_datagram", CONF_COUNT, AT(max_datagram), .number = 512, .min = 1, .max = CONF_DATAGRAM_MAX, .transports = DGRAM},
    {"max_amplification", CONF_NUMBER, AT(max_amplification), .number = 1, .min = 1, .max = 1000, .transports = UDP},
    {"per_source", CONF_COUNT, AT(rates.per_source), .number = 0, .min = 0, .max = 50000, .transports = STREAM},
    {"rate", CONF_NUMBER, AT(rates.rate), .number = 0, .min = 0.01, .max = 10000, .or_zero = true, .transports = ADDRESSED},
    {"burst", CONF_COUNT, AT(rates.burst), .number = 50, .min = 1, .max = 100000, .transports = ADDRESSED},
    {"net_rate", CONF_NUMBER, AT(rates.net_rate), .number = 0, .min = 0.01, .max = 10000, .or_zero = true, .transports = ADDRESSED},
    {"net_burst", CONF_COUNT, AT(rates.net_burst), .number = 200, .min = 1, .max = 100000, .transports = ADDRESSED},
    {"allow", CONF_LIST, AT(access.allow), .min = 0, NETWORKS, .transports = ADDRESSED},
    {"deny", CONF_LIST, AT(access.deny), .min = 0, NETWORKS, .transports = ADDRESSED},
    {"on_refuse", CONF_CHOICE, AT(on_refuse), .number = CONF_REFUSE_CLOSE, .choices = refusals, .transports = TCP},
    {"proxy_from", CONF_LIST, AT(proxy_from), .max = 1024, .example = "(\"10.0.0.0/8\")", .transports = ADDRESSED},
    {"low_ports", CONF_BOOL, AT(low_ports), .number = false, .transports = UDP},
    {"answer_broadcast", CONF_BOOL, AT(answer_broadcast), .number = false, .transports = UDP},
};
#undef AT
/* clang-format on */

const struct conf_table conf_service_table = {service_settings, ARRAY_SIZE(service_settings)};
const struct conf_table conf_listener_table = {listener_settings, ARRAY_SIZE(listener_settings)};

const struct conf_setting *conf_table_find(const struct conf_table *table, const char *path)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->settings[i].path, path) == 0)
            return &table->settings[i];
    assert(!"a setting that is in the table");
    return NULL;
}

const char *conf_table_word(const struct conf_setting *setting, int value)
{
    for (const struct conf_choice *choice = setting->choices; choice->word; choice++)
        if (choice->value == value)
            return choice->word;
    return "";
}

int64_t conf_table_ns(double seconds)
{
    return (int64_t)(seconds * (double)NS_PER_S + 0.5);
}

void conf_table_put_number(const struct conf_setting *setting, double number, void *value)
{
    char *place = (char *)value + setting->offset;

    switch (setting->type) {
    case CONF_BOOL:
        *(bool *)place = number != 0;
        break;
    case CONF_COUNT:
    case CONF_CHOICE:
        *(int *)(void *)place = (int)number;
        break;
    case CONF_NUMBER:
        *(double *)(void *)place = number;
        break;
    case CONF_TIME:
        *(int64_t *)(void *)place = conf_table_ns(number);
        break;
    case CONF_STRING:
    case CONF_WORD:
    case CONF_LIST:
    case CONF_GROUPS:
        break;
    }
}

void conf_table_put_text(const struct conf_setting *setting, const char *text, void *value)
{
    const char **place = (const char **)(void *)((char *)value + setting->offset);

    *place = text;
}

void conf_table_put_list(const struct conf_setting *setting, struct conf_list list, void *value)
{
    *(struct conf_list *)(void *)((char *)value + setting->offset) = list;
}

void conf_table_defaults(const struct conf_table *table, void *value)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct conf_setting *setting = &table->settings[i];

        if (setting->type == CONF_STRING || setting->type == CONF_WORD)
            conf_table_put_text(setting, setting->text, value);
        else if (setting->type == CONF_LIST)
            conf_table_put_list(setting, (struct conf_list){&setting->text, setting->text != NULL}, value);
        else
            conf_table_put_number(setting, setting->number, value);
    }
}

static const char *allowed_choices(const struct conf_setting *setting, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (const struct conf_choice *choice = setting->choices; choice->word && used < size; choice++)
        used += (size_t)snprintf(text + used, size - used, "%s\"%s\"", used ? ", " : "", choice->word);
    return text;
}

static const char *allowed_list(const struct conf_setting *setting, char *text, size_t size)
{
    snprintf(text, size, "%.0f to %.0f strings of 1 to %d bytes, such as %s", setting->min, setting->max,
             CONF_TEXT_MAX, setting->example ? setting->example : "(\"a\", \"b\")");
    return text;
}

const char *conf_table_allowed(const struct conf_setting *setting, char *text, size_t size)
{
    const char *zero = setting->or_zero ? "0 or " : "";

    switch (setting->type) {
    case CONF_STRING:
        return "a string in double quotes";
    case CONF_WORD:
        return "a string in double quotes or a whole number";
    case CONF_BOOL:
        return "true or false";
    case CONF_COUNT:
        snprintf(text, size, "a whole number from %.0f to %.0f", setting->min, setting->max);
        return text;
    case CONF_NUMBER:
        snprintf(text, size, "%sa number from %g to %g", zero, setting->min, setting->max);
        return text;
    case CONF_TIME:
        snprintf(text, size, "%sseconds from %g to %g", zero, setting->min, setting->max);
        return text;
    case CONF_CHOICE:
        return allowed_choices(setting, text, size);
    case CONF_LIST:
        return allowed_list(setting, text, size);
    case CONF_GROUPS:
        snprintf(text, size, "a group { ... } of %s", setting->path);
        return text;
    }
    return "";
}
