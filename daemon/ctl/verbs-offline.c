/* The verbs that need no daemon. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"
#include "ctl/calendar.h"
#include "ctl/output.h"
#include "ctl/rate-anchor.h"
#include "ctl/table.h"
#include "settings/settings.h"

/* ---- check ---- */

/* Warns of schedules whose last firing is past, for which settings_load() has no clock. */
static void warn_of_never(const struct ctl *ctl, const struct settings *settings,
                          struct text *messages)
{
        _cleanup_free_ char *file = text_clean(settings->file, CLEAN_LINE_MAX);
        sec_t now = loop_wall(ctl->loop);

        for (size_t i = 0; i < settings->n_schedules; i++) {
                struct schedule schedule = settings->schedules[i].schedule;

                if (schedule.expression.kind == EXPRESSION_CRON &&
                    schedule_next(&schedule, -SEC_PER_DAY) == SEC_NEVER)
                        continue; /* settings/check.c has warned already */
                schedule.anchor = now;
                if (settings->schedules[i].enabled && schedule_next(&schedule, now) == SEC_NEVER)
                        text_printf(messages,
                                    "%s: warning: schedule \"%s\" never fires again: %s\n", file,
                                    settings->schedules[i].name,
                                    settings->schedules[i].expression_text);
        }
}

/* Notes the anchors of rates without `start`, which users may not expect. */
static void note_rates(const struct settings *settings, struct text *notes)
{
        for (size_t i = 0; i < settings->n_schedules; i++) {
                const struct setting_schedule *setting = &settings->schedules[i];
                _cleanup_free_ char *words = NULL;

                if (!rate_is_unanchored(setting))
                        continue;
                words = rate_anchor_words(setting, &setting->schedule, false);
                text_printf(notes, "%s\n", words);
        }
}

static void print_check(struct ctl *ctl, bool good, const char *messages)
{
        cJSON *document = cJSON_CreateObject();
        cJSON *array;
        size_t n;
        char **lines = strings_split(messages, "\n", &n);

        cJSON_AddBoolToObject(document, "ok", good);
        array = cJSON_AddArrayToObject(document, "messages");
        for (size_t i = 0; i < n; i++)
                cJSON_AddItemToArray(array, cJSON_CreateString(lines[i]));
        strings_free(lines, n);
        ctl_print_json(ctl, document);
        cJSON_Delete(document);
}

int verb_check(struct ctl *ctl, char **arguments, size_t n)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {}, notes = {};
        _cleanup_free_ char *file = NULL;
        int r = settings_load(n ? arguments[0] : ctl->file, &settings, &messages);

        if (r == 0) {
                warn_of_never(ctl, settings, &messages);
                note_rates(settings, &notes);
        }
        if (ctl->json) {
                print_check(ctl, r == 0, text_get(&messages));
                return r < 0 ? CTL_FAILED : CTL_DONE;
        }
        fputs(text_get(&messages), stderr);
        if (r < 0)
                return CTL_FAILED;
        file = text_clean(settings->file, CLEAN_LINE_MAX);
        fprintf(ctl->out.stream, "%s: good; %zu schedule%s, %zu account%s\n", file,
                settings->n_schedules, settings->n_schedules == 1 ? "" : "s", settings->n_accounts,
                settings->n_accounts == 1 ? "" : "s");
        fputs(text_get(&notes), ctl->out.stream);
        return CTL_DONE;
}

/* ---- calendar ---- */

static const struct table_column firing_columns[] = { { .heading = "NEXT" }, { .heading = "" } };

static int print_calendar_json(struct ctl *ctl, const char *expression, struct calendar *calendar,
                               unsigned int count)
{
        cJSON *document = calendar_describe(calendar, expression, count);

        ctl_print_json(ctl, document);
        cJSON_Delete(document);
        return CTL_DONE;
}

static int answer_lines(struct ctl *ctl, sec_t now, unsigned int count)
{
        const struct calendar_batch batch = {
                .input = stdin,
                .output = ctl->out.stream,
                .timezone = ctl->timezone,
                .from = ctl->from,
                .now = now,
                .count = count,
                .json = ctl->json,
        };

        if (calendar_batch(&batch))
                return CTL_DONE;
        ctl_complain("reading or writing failed: %s", strerror(errno));
        return CTL_FAILED;
}

int verb_calendar(struct ctl *ctl, char **arguments, size_t n)
{
        _cleanup_(table_done) struct table table = TABLE(firing_columns);
        _cleanup_(calendar_done) struct calendar calendar = {};
        _cleanup_free_ char *error = NULL;
        unsigned int count = ctl->count ? ctl->count : CALENDAR_COUNT;
        sec_t now = loop_wall(ctl->loop), next;

        (void)n;
        if (streq(arguments[0], "-"))
                return answer_lines(ctl, now, count);
        if (!calendar_read(arguments[0], ctl->timezone, ctl->from, now, &calendar, &error)) {
                ctl_complain("%s", error);
                return CTL_FAILED;
        }
        if (ctl->json)
                return print_calendar_json(ctl, arguments[0], &calendar, count);
        for (unsigned int i = 0; i < count && (next = calendar_next(&calendar)) != SEC_NEVER; i++) {
                table_row(&table);
                table_take(&table, STYLE_PLAIN,
                           local_time(next, zone_name(calendar.schedule.zone)));
                table_take(&table, STYLE_DIM, relative_time(next, now));
        }
        if (!table.n_rows)
                fputs("never\n", ctl->out.stream);
        table_print(&table, &ctl->out);
        return CTL_DONE;
}

/* ---- next ---- */

static const struct table_column next_columns[] = {
        { .heading = "SCHEDULE", .shrinks_to = 12 },
        { .heading = "NEXT" },
        { .heading = "" },
        { .heading = "EXPRESSION", .shrinks_to = 10, .drop = 1 },
};

struct next {
        struct ctl *ctl;
        sec_t now, from;
        struct table table;
        cJSON *documents;
        struct text rates; /* notes about anchors */
};

static void add_firing(struct next *next, const struct setting_schedule *schedule, sec_t firing)
{
        _cleanup_free_ char *when = local_time(firing, schedule->timezone);

        table_row(&next->table);
        table_cell(&next->table, STYLE_BOLD, schedule->name);
        if (when)
                table_cell(&next->table, STYLE_PLAIN, when);
        else
                table_cell(&next->table, STYLE_WARN, schedule->enabled ? "never" : "disabled");
        table_take(&next->table, STYLE_DIM, when ? relative_time(firing, next->now) : xstrdup(""));
        table_cell(&next->table, STYLE_DIM, schedule->expression_text);
}

static void add_schedule(struct next *next, const struct setting_schedule *setting)
{
        struct schedule schedule = setting->schedule;
        unsigned int count = next->ctl->count ? next->ctl->count : 1;
        cJSON *document = cJSON_CreateObject();
        cJSON *firings;
        sec_t at = next->from;

        if (rate_is_unanchored(setting)) {
                bool known = rate_anchor_find(next->ctl, setting, next->from, &schedule);
                _cleanup_free_ char *words = rate_anchor_words(setting, &schedule, known);

                text_printf(&next->rates, "%s\n", words);
        }
        cJSON_AddStringToObject(document, "schedule", setting->name);
        cJSON_AddStringToObject(document, "expression", setting->expression_text);
        cJSON_AddStringToObject(document, "timezone", setting->timezone);
        firings = cJSON_AddArrayToObject(document, "firings");
        for (unsigned int i = 0; i < count; i++) {
                char buffer[TIME_TEXT_MAX];

                at = setting->enabled ? schedule_next(&schedule, at) : SEC_NEVER;
                if (i == 0 || at != SEC_NEVER)
                        add_firing(next, setting, at);
                if (at == SEC_NEVER)
                        break;
                cJSON_AddItemToArray(firings, cJSON_CreateString(format_rfc3339(at, buffer)));
        }
        cJSON_AddItemToArray(next->documents, document);
}

static void print_lines(struct ctl *ctl, struct text *text)
{
        size_t n;
        char **lines = strings_split(text_get(text), "\n", &n);

        for (size_t i = 0; i < n; i++)
                if (*lines[i])
                        terminal_wrap(&ctl->out, lines[i], 0);
        strings_free(lines, n);
}

static int print_next(struct next *next)
{
        struct ctl *ctl = next->ctl;

        if (ctl->json) {
                ctl_print_json(ctl, next->documents);
                return CTL_DONE;
        }
        table_print(&next->table, &ctl->out);
        if (!next->table.n_rows)
                fputs("There are no schedules in the settings.\n", ctl->out.stream);
        print_lines(ctl, &next->rates);
        return CTL_DONE;
}

int verb_next(struct ctl *ctl, char **arguments, size_t n)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        _cleanup_(zone_unrefp) struct zone *utc = NULL;
        struct next next = { .ctl = ctl,
                             .now = loop_wall(ctl->loop),
                             .table = TABLE(next_columns) };
        int status;

        next.from = next.now;
        if (settings_load(ctl->file, &settings, &messages) < 0) {
                fputs(text_get(&messages), stderr);
                return CTL_FAILED;
        }
        if (ctl->from &&
            (zone_load("UTC", &utc) < 0 || !calendar_read_time(ctl->from, utc, &next.from))) {
                ctl_complain("\"%s\" is no time of the form 2027-01-01T00:00:00Z", ctl->from);
                return CTL_USAGE;
        }
        if (n && !settings_schedule(settings, arguments[0]))
                return ctl_complain_unknown(settings, arguments[0]);
        next.documents = cJSON_CreateArray();
        for (size_t i = 0; i < settings->n_schedules; i++)
                if (!n || streq(settings->schedules[i].name, arguments[0]))
                        add_schedule(&next, &settings->schedules[i]);
        status = print_next(&next);
        cJSON_Delete(next.documents);
        table_done(&next.table);
        text_done(&next.rates);
        return status;
}
