/* Output that verbs have in common, and their connection to the daemon and to AWS. */
#include "ctl/output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "aws/config/configured.h"
#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"
#include "control/control.h"

void ctl_complain(const char *format, ...)
{
        va_list arguments;
        _cleanup_free_ char *message = NULL, *clean = NULL;

        va_start(arguments, format);
        message = xvasprintf(format, arguments);
        va_end(arguments);
        clean = text_clean_lines(message); /* errors in settings have several lines */
        fflush(stdout);
        fprintf(stderr, "amictl: %s\n", clean);
}

struct client *ctl_connect(const struct ctl *ctl)
{
        _cleanup_free_ char *path = ctl->socket ? xstrdup(ctl->socket) : control_default_path();
        _cleanup_free_ char *error = NULL;
        struct client *client = NULL;

        if (client_connect(path, &client, &error) < 0)
                ctl_complain("%s", error);
        return client;
}

/* Cleans all texts of an answer, for tables and lines. JSON output has the original values. */
static void clean_texts(cJSON *value)
{
        if (cJSON_IsString(value)) {
                _cleanup_free_ char *clean = text_clean(value->valuestring, CLEAN_LINE_MAX);

                cJSON_SetValuestring(value, clean);
        }
        for (cJSON *item = value->child; item; item = item->next)
                clean_texts(item);
}

int ctl_call(struct ctl *ctl, const char *method, cJSON *parameters, bool more,
             ctl_answer_fn *answer, void *userdata)
{
        _cleanup_(client_freep) struct client *client = ctl_connect(ctl);
        bool goes_on = true;
        int status = CTL_DONE;

        if (!client) {
                cJSON_Delete(parameters);
                return CTL_UNREACHABLE;
        }
        client_call(client, method, parameters, more);
        while (goes_on) {
                _cleanup_(client_answer_done) struct client_answer got = {};

                client_next(client, &got);
                goes_on = got.more;
                switch (got.outcome) {
                case CLIENT_ANSWER:
                        if (!ctl->json && got.parameters)
                                clean_texts(got.parameters);
                        status = answer(ctl, got.parameters, userdata);
                        if (status == CTL_ENOUGH)
                                return CTL_DONE;
                        break;
                case CLIENT_REFUSED:
                        ctl_complain("%s", got.message);
                        return CTL_FAILED;
                case CLIENT_GONE:
                        ctl_complain("%s", got.message);
                        return CTL_UNREACHABLE;
                }
        }
        return status;
}

void ctl_print_json(struct ctl *ctl, const cJSON *document)
{
        char *text = cJSON_PrintUnformatted(document);
        _cleanup_free_ char *safe = text_clean_json(text);

        fprintf(ctl->out.stream, "%s\n", safe);
        fflush(ctl->out.stream);
        cJSON_free(text);
}

const cJSON *json_member(const cJSON *object, const char *name)
{
        return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_text(const cJSON *object, const char *name)
{
        const cJSON *member = json_member(object, name);

        return cJSON_IsString(member) ? member->valuestring : NULL;
}

bool json_flag(const cJSON *object, const char *name)
{
        return cJSON_IsTrue(json_member(object, name));
}

sec_t json_time(const cJSON *object, const char *name)
{
        const char *text = json_text(object, name);
        sec_t time;

        return text && parse_rfc3339(text, &time) ? time : SEC_NONE;
}

char *local_time(sec_t time, const char *timezone)
{
        _cleanup_(zone_unrefp) struct zone *zone = NULL;
        char buffer[TIME_TEXT_MAX];

        if (time == SEC_NONE || time == SEC_NEVER)
                return NULL;
        if (timezone && zone_load(timezone, &zone) < 0)
                zone = NULL;
        return xstrdup(format_local(time, zone ? zone_offset(zone, time) : 0, buffer));
}

char *local_minute(sec_t time, const char *timezone)
{
        enum { MINUTE_END = 16, SECOND_END = 19 }; /* "2026-11-23 03:00" and ":00" */
        char *text = local_time(time, timezone);

        if (text && strlen(text) > SECOND_END)
                memmove(text + MINUTE_END, text + SECOND_END, strlen(text + SECOND_END) + 1);
        return text;
}

char *relative_time(sec_t time, sec_t now)
{
        char buffer[TIME_TEXT_MAX];

        if (time == SEC_NONE || time == SEC_NEVER)
                return NULL;
        if (time > now)
                return xasprintf("in %s", format_timespan(time - now, buffer));
        return xasprintf("%s ago", format_timespan(now - time, buffer));
}

char *past_time(sec_t time, sec_t now)
{
        enum { DATE_END = 10 }; /* "2042-11-23" */
        char buffer[TIME_TEXT_MAX];

        if (time > now && time <= now + SEC_PER_MIN)
                time = now; /* seconds of two programs may be rounded differently */
        if (time <= now || time == SEC_NEVER)
                return relative_time(time, now);
        return xasprintf("dated %.*s", DATE_END, format_rfc3339(time, buffer));
}

enum style outcome_style(const char *outcome)
{
        static const struct {
                const char *outcome;
                enum style style;
        } styles[] = {
                { "done", STYLE_GOOD },         { "available", STYLE_GOOD },
                { "partial", STYLE_WARN },      { "skipped", STYLE_WARN },
                { "cancelled", STYLE_WARN },    { "failed", STYLE_BAD },
                { "open", STYLE_BOLD },         { "pending", STYLE_BOLD },
                { "gone", STYLE_DIM },          { "released", STYLE_DIM },
                { "deregistered", STYLE_WARN }, { "deregistering", STYLE_WARN },
        };

        for (size_t i = 0; i < ELEMENTS(styles); i++)
                if (streq(styles[i].outcome, outcome))
                        return styles[i].style;
        return STYLE_PLAIN;
}

enum style ending_style(const cJSON *record)
{
        const char *detail = json_text(record, "detail");
        enum style style = outcome_style(json_text(record, "outcome"));

        return style == STYLE_GOOD && detail && *detail ? STYLE_WARN : style;
}

int ctl_complain_unknown(const struct settings *settings, const char *name)
{
        const char *near = settings_closest_schedule(settings, name);

        ctl_complain("%s has no schedule \"%s\"%s%s%s", settings->file, name,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        return CTL_FAILED;
}

/* ---- AWS without a daemon ---- */

int ctl_open_aws(struct ctl *ctl, struct http **ret_http, struct aws **ret_aws)
{
        _cleanup_free_ char *ca_bundle = NULL, *error = NULL;
        int r = configured_ca_bundle(&ca_bundle, &error);

        if (r < 0) {
                ctl_complain("%s", error);
                return r;
        }
        r = http_new(ctl->loop,
                     &(struct http_options){ .user_agent = "amictl/" AMID_VERSION,
                                             .ca_bundle = ca_bundle },
                     ret_http);
        if (r >= 0)
                r = aws_new(ctl->loop, *ret_http, ret_aws);
        if (r < 0)
                ctl_complain("requests cannot be set up");
        return r;
}
