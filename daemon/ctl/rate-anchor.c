/* Finds the anchor of a rate() without `start`. */
#include "ctl/rate-anchor.h"

#include "base/alloc.h"
#include "base/text.h"
#include "control/client.h"
#include "control/control.h"
#include "ctl/output.h"

bool rate_is_unanchored(const struct setting_schedule *setting)
{
        return setting->schedule.expression.kind == EXPRESSION_RATE &&
               setting->schedule.start == SEC_NONE;
}

/* The anchor in the daemon's status, if its schedule has the same expression; else SEC_NONE. */
static sec_t anchor_in(const cJSON *status, const struct setting_schedule *setting)
{
        const cJSON *item;

        cJSON_ArrayForEach (item, json_member(status, "schedules"))
                if (streq(json_text(item, "name"), setting->name) &&
                    streq(json_text(item, "expression"), setting->expression_text) &&
                    json_flag(item, "enabled") == setting->enabled)
                        return json_time(item, "anchor");
        return SEC_NONE;
}

bool rate_anchor_find(const struct ctl *ctl, const struct setting_schedule *setting, sec_t now,
                      struct schedule *schedule)
{
        _cleanup_free_ char *path = ctl->socket ? xstrdup(ctl->socket) : control_default_path();
        _cleanup_free_ char *error = NULL;
        _cleanup_(client_freep) struct client *client = NULL;
        _cleanup_(client_answer_done) struct client_answer got = {};
        sec_t anchor = SEC_NONE;

        schedule->anchor = schedule_anchor_from(now);
        if (!rate_is_unanchored(setting) || client_connect(path, &client, &error) < 0)
                return false;
        client_call(client, "Status", NULL, false);
        client_next(client, &got);
        if (got.outcome == CLIENT_ANSWER)
                anchor = anchor_in(got.parameters, setting);
        if (anchor == SEC_NONE)
                return false;
        schedule->anchor = anchor;
        return true;
}

char *rate_anchor_words(const struct setting_schedule *setting, const struct schedule *schedule,
                        bool known)
{
        _cleanup_free_ char *since = local_time(schedule->anchor, setting->timezone);

        if (known)
                return xasprintf("%s: %s without `start` counts from %s, when amid first had it; "
                                 "its first firing is one interval after that.",
                                 setting->name, setting->expression_text, since);
        return xasprintf("%s: %s without `start` counts from when amid first has it: its start, or "
                         "the reload that brings it; its first firing is one interval after that.",
                         setting->name, setting->expression_text);
}
