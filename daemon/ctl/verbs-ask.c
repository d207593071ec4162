/* The verbs that show the state of the daemon: status, runs, show, images. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ctl/output.h"
#include "ctl/progress.h"
#include "ctl/table.h"

enum { RUNS_SHOWN = 20 };

/* The duration from `from` until `to`, or until `now` while it is open. */
static char *took(sec_t from, sec_t to, sec_t now)
{
        char buffer[TIME_TEXT_MAX];

        if (to == SEC_NONE)
                to = now;
        if (from == SEC_NONE || to < from)
                return NULL;
        return xstrdup(format_timespan(to - from, buffer));
}

static cJSON *schedule_parameter(char **arguments, size_t n)
{
        cJSON *parameters = cJSON_CreateObject();

        if (n)
                cJSON_AddStringToObject(parameters, "schedule", arguments[0]);
        return parameters;
}

/* ---- status ---- */

static const struct table_column status_columns[] = {
        { .heading = "SCHEDULE", .shrinks_to = 12 },
        { .heading = "NEXT" },
        { .heading = "", .drop = 2 },
        { .heading = "LAST" },
        { .heading = "", .drop = 1 },
};

/* The reason why no schedule fires, or NULL. */
static const char *why_held(const cJSON *status)
{
        if (json_text(status, "clock"))
                return "held: the clock is wrong";
        return json_text(status, "state") ? "held: the state cannot be written" : NULL;
}

/* `held`: the reason why no schedule fires; the time of the next firing is then left out. */
static void add_status(struct table *table, const cJSON *schedule, sec_t now, const char *held)
{
        const cJSON *last = json_member(schedule, "last");
        const char *outcome = json_text(last, "outcome"), *detail = json_text(last, "detail");
        sec_t next = json_time(schedule, "next");
        _cleanup_free_ char *when = local_time(next, json_text(schedule, "timezone"));

        table_row(table);
        table_cell(table, STYLE_BOLD, json_text(schedule, "name"));
        if (!json_flag(schedule, "enabled"))
                table_cell(table, STYLE_DIM, "disabled");
        else if (json_flag(schedule, "paused"))
                table_cell(table, STYLE_WARN, "paused");
        else if (held)
                table_cell(table, STYLE_BAD, held);
        else
                table_cell(table, when ? STYLE_PLAIN : STYLE_WARN, when ? when : "never");
        table_take(table, STYLE_DIM, when && !held ? relative_time(next, now) : xstrdup(""));
        table_cell(table, ending_style(last), outcome);
        table_take(table, STYLE_DIM,
                   outcome ? past_time(json_time(last, "finished"), now) : xstrdup(""));
        if (outcome && detail && *detail)
                table_note(table, detail);
}

static void print_open(struct ctl *ctl, const cJSON *open, sec_t now)
{
        const cJSON *run = json_member(open, "run"), *task;
        _cleanup_free_ char *time = took(json_time(run, "started"), SEC_NONE, now);

        fputc('\n', ctl->out.stream);
        terminal_print(&ctl->out, STYLE_BOLD, json_text(run, "id"), ctl->out.width, false);
        fprintf(ctl->out.stream, "\n  %s, %s\n", progress_phase(run, false), time ? time : "");
        cJSON_ArrayForEach (task, json_member(open, "tasks"))
                progress_print_task(&ctl->out, task);
}

/* "2 images of schedule old, which is not in the settings, ..." */
static void print_left(struct ctl *ctl, const cJSON *left)
{
        const cJSON *item;

        if (left && left->child)
                fputc('\n', ctl->out.stream);
        cJSON_ArrayForEach (item, left) {
                const cJSON *n = json_member(item, "images");
                int images = cJSON_IsNumber(n) ? n->valueint : 0;
                const char *name = json_text(item, "schedule");
                _cleanup_free_ char *text = xasprintf(
                        "%d image%s of schedule %s, which is not in the settings: none of them is "
                        "removed; `man amid` (Schedules that are renamed) tells what can be done",
                        images, images == 1 ? "" : "s", name ? name : "?");

                terminal_wrap(&ctl->out, text, 0);
        }
}

/* Prints the alarms that stop all schedules, with their remedies. */
static void print_alarms(struct ctl *ctl, const cJSON *status)
{
        static const struct {
                const char *member, *consequence;
        } alarms[] = {
                { "clock", "nothing fires and nothing is removed until it is set" },
                { "state", "nothing is begun or brought back until it can, see 'journalctl -u "
                           "amid'" },
                { "alert", "no instance is rebooted, stopped or frozen. End one of the two, or "
                           "give it another 'owner', then restart the other" },
        };

        for (size_t i = 0; i < ELEMENTS(alarms); i++) {
                const char *what = json_text(status, alarms[i].member);
                _cleanup_free_ char *text = NULL;

                if (!what)
                        continue;
                text = xasprintf("%s: %s", what, alarms[i].consequence);
                terminal_wrap_styled(&ctl->out, STYLE_BAD, text, 0);
                fputc('\n', ctl->out.stream);
        }
}

static int print_status(struct ctl *ctl, const cJSON *parameters, void *userdata)
{
        _cleanup_(table_done) struct table table = TABLE(status_columns);
        sec_t now = json_time(parameters, "now");
        const cJSON *item;

        (void)userdata;
        if (ctl->json) {
                ctl_print_json(ctl, parameters);
                return CTL_DONE;
        }
        fprintf(ctl->out.stream, "amid %s, %s\n\n", json_text(parameters, "version"),
                json_text(parameters, "settings"));
        print_alarms(ctl, parameters);
        cJSON_ArrayForEach (item, json_member(parameters, "schedules"))
                add_status(&table, item, now, why_held(parameters));
        table_print(&table, &ctl->out);
        if (!table.n_rows)
                fputs("There are no schedules in the settings.\n", ctl->out.stream);
        print_left(ctl, json_member(parameters, "left"));
        cJSON_ArrayForEach (item, json_member(parameters, "open"))
                print_open(ctl, item, now);
        return CTL_DONE;
}

int verb_status(struct ctl *ctl, char **arguments, size_t n)
{
        (void)arguments;
        (void)n;
        if (ctl->api)
                return ctl_call(ctl, "Usage", NULL, false, ctl_print_usage, NULL);
        return ctl_call(ctl, "Status", NULL, false, print_status, NULL);
}

/* ---- runs ---- */

static const struct table_column runs_columns[] = {
        { .heading = "RUN", .whole = true }, { .heading = "OUTCOME" },
        { .heading = "TOOK", .drop = 3 },    { .heading = "FIRED", .drop = 2 },
        { .heading = "BY", .drop = 4 },
};

static int print_runs(struct ctl *ctl, const cJSON *parameters, void *userdata)
{
        _cleanup_(table_done) struct table table = TABLE(runs_columns);
        sec_t now = loop_wall(ctl->loop);
        const cJSON *run;

        (void)userdata;
        if (ctl->json) {
                ctl_print_json(ctl, parameters);
                return CTL_DONE;
        }
        cJSON_ArrayForEach (run, json_member(parameters, "runs")) {
                const char *outcome = json_text(run, "outcome"), *detail = json_text(run, "detail");

                table_row(&table);
                table_cell(&table, STYLE_PLAIN, json_text(run, "id"));
                table_cell(&table, ending_style(run), outcome);
                table_take(&table, STYLE_PLAIN,
                           took(json_time(run, "started"), json_time(run, "finished"), now));
                table_take(&table, STYLE_PLAIN,
                           local_time(json_time(run, "firing"), json_text(run, "timezone")));
                table_cell(&table, STYLE_DIM, json_text(run, "trigger"));
                if (detail && *detail)
                        table_note(&table, detail);
        }
        table_print(&table, &ctl->out);
        if (!table.n_rows)
                fputs("There were no runs yet.\n", ctl->out.stream);
        return CTL_DONE;
}

int verb_runs(struct ctl *ctl, char **arguments, size_t n)
{
        cJSON *parameters = schedule_parameter(arguments, n);

        if (!ctl->all)
                cJSON_AddNumberToObject(parameters, "limit", ctl->count ? ctl->count : RUNS_SHOWN);
        return ctl_call(ctl, "Runs", parameters, false, print_runs, NULL);
}

/* ---- show ---- */

static const struct table_column show_columns[] = {
        { .heading = "TASK" },
        { .heading = "SUBJECT", .whole = true },
        { .heading = "IMAGE", .drop = 2, .whole = true },
        { .heading = "OUTCOME", .usual = "done", .usual_drop = 4 }, /* as the run's */
        { .heading = "PROVEN", .drop = 5, .usual = table_same, .usual_drop = 6 },
        { .heading = "PLACE", .drop = 3, .whole = true, .usual = table_same, .usual_drop = 7 },
};

static void print_run(struct ctl *ctl, const cJSON *run)
{
        static const struct {
                const char *label, *member;
        } times[] = { { "fired", "firing" }, { "began", "started" }, { "ended", "finished" } };
        const char *outcome = json_text(run, "outcome"), *detail = json_text(run, "detail");
        _cleanup_free_ char *time =
                took(json_time(run, "started"), json_time(run, "finished"), loop_wall(ctl->loop));
        FILE *out = ctl->out.stream;

        terminal_print(&ctl->out, STYLE_BOLD, json_text(run, "id"), ctl->out.width, false);
        fputs("\n  ", out);
        terminal_print(&ctl->out, ending_style(run), outcome, ctl->out.width, false);
        fprintf(out, ", %s by %s, %s\n", json_text(run, "kind"),
                json_text(run, "trigger") ? json_text(run, "trigger") : "nobody", time ? time : "");
        for (size_t i = 0; i < ELEMENTS(times); i++) {
                _cleanup_free_ char *at =
                        local_time(json_time(run, times[i].member), json_text(run, "timezone"));

                if (at)
                        fprintf(out, "  %s  %s\n", times[i].label, at);
        }
        if (detail && *detail)
                terminal_wrap(&ctl->out, detail, 2);
}

/* "its snapshots are at 42 %; snap-1 is pending, at 10 %"; NULL: unknown. Caller frees. */
static char *snapshots_note(const cJSON *task)
{
        const cJSON *percent = json_member(task, "percent");
        const cJSON *of_snapshot = json_member(task, "snapshot_percent");
        const char *snapshot = json_text(task, "snapshot");

        if (!cJSON_IsNumber(percent))
                return NULL;
        if (!snapshot || !cJSON_IsNumber(of_snapshot))
                return xasprintf("its snapshots are at %d %%", percent->valueint);
        return xasprintf("its snapshots are at %d %%; %s is pending, at %d %%", percent->valueint,
                         snapshot, of_snapshot->valueint);
}

/* The reason of a task's wait with the progress of its snapshots, the reason of its outcome, or the
 * evidence for its consistency. Caller frees. */
static char *task_reason(const cJSON *task)
{
        const char *waiting = json_text(task, "waiting"), *detail = json_text(task, "detail");
        _cleanup_free_ char *snapshots = snapshots_note(task);

        if (snapshots)
                return xasprintf("%s%s%s", snapshots, waiting ? "; " : "", waiting ? waiting : "");
        if (waiting)
                return xstrdup(waiting);
        return xstrdup(detail && *detail ? detail : json_text(task, "evidence"));
}

/* The note below a task: its step, unless it is done, and the reason. Caller frees. */
static char *task_note(const cJSON *task)
{
        const char *outcome = json_text(task, "outcome"), *step = progress_step(task);
        _cleanup_free_ char *reason = task_reason(task);

        if (streq(outcome, "done") || streq(step, reason))
                return steal(reason);
        if (!reason || !*reason)
                return xstrdup(step);
        return xasprintf("%s%s %s", step, streq(outcome, "open") ? ";" : ":", reason);
}

static int print_show(struct ctl *ctl, const cJSON *parameters, void *userdata)
{
        _cleanup_(table_done) struct table table = TABLE(show_columns);
        const cJSON *task;

        (void)userdata;
        if (ctl->json) {
                ctl_print_json(ctl, parameters);
                return CTL_DONE;
        }
        print_run(ctl, json_member(parameters, "run"));
        cJSON_ArrayForEach (task, json_member(parameters, "tasks")) {
                const char *outcome = json_text(task, "outcome");
                _cleanup_free_ char *note = task_note(task);

                table_row(&table);
                table_cell(&table, STYLE_PLAIN, json_text(task, "kind"));
                table_cell(&table, STYLE_PLAIN, json_text(task, "subject"));
                table_cell(&table, STYLE_PLAIN, json_text(task, "image"));
                table_cell(&table, ending_style(task), outcome);
                table_cell(&table, STYLE_DIM, json_text(task, "consistency"));
                table_take(&table, STYLE_DIM,
                           xasprintf("%s/%s", json_text(task, "account"),
                                     json_text(task, "region")));
                if (note && *note)
                        table_note(&table, note);
        }
        if (table.n_rows)
                fputc('\n', ctl->out.stream);
        table_print(&table, &ctl->out);
        return CTL_DONE;
}

int verb_show(struct ctl *ctl, char **arguments, size_t n)
{
        cJSON *parameters = cJSON_CreateObject();

        (void)n;
        cJSON_AddStringToObject(parameters, "run", arguments[0]);
        return ctl_call(ctl, "Show", parameters, false, print_show, NULL);
}

/* ---- images ---- */

static const struct table_column images_columns[] = {
        { .heading = "IMAGE", .whole = true },
        { .heading = "INSTANCE", .drop = 1, .whole = true },
        { .heading = "FIRED", .drop = 5 },
        { .heading = "", .drop = 6 }, /* offset of the time from UTC */
        { .heading = "STATE", .drop = 3, .usual = "available", .usual_drop = 8 },
        { .heading = "CONSISTENCY", .usual = table_same, .usual_drop = 10 },
        { .heading = "OUTCOME", .drop = 4, .usual = "done", .usual_drop = 9 },
        { .heading = "SNAPSHOTS", .drop = 7, .usual = table_same, .usual_drop = 11 },
        { .heading = "PLACE", .drop = 2, .whole = true, .usual = table_same, .usual_drop = 12 },
};

static void add_image(struct table *table, const cJSON *image)
{
        const char *state = json_text(image, "state");
        const char *detail = json_text(image, "detail");
        bool removed = json_text(image, "removed") != NULL;
        bool missed = !removed && json_text(image, "missed") && streq(state, "available");
        char *fired = local_minute(json_time(image, "firing"), json_text(image, "timezone"));
        char *blank = fired ? strrchr(fired, ' ') : NULL;
        char *offset = xstrdup(blank ? blank + 1 : "");

        if (blank)
                *blank = '\0';
        table_row(table);
        table_cell(table, removed ? STYLE_DIM : STYLE_PLAIN, json_text(image, "id"));
        table_cell(table, STYLE_PLAIN, json_text(image, "instance"));
        table_take(table, STYLE_PLAIN, fired);
        table_take(table, STYLE_DIM, offset);
        if (missed)
                table_cell(table, STYLE_WARN, "not listed");
        else
                table_cell(table, removed ? STYLE_DIM : outcome_style(state),
                           removed ? "removed" : state);
        table_cell(table, STYLE_DIM, json_text(image, "consistency"));
        table_cell(table, outcome_style(json_text(image, "outcome")), json_text(image, "outcome"));
        table_take(table, STYLE_DIM,
                   xasprintf("%d", cJSON_GetArraySize(json_member(image, "snapshots"))));
        table_take(table, STYLE_DIM,
                   xasprintf("%s/%s", json_text(image, "account"), json_text(image, "region")));
        if (detail && *detail)
                table_note(table, detail);
}

/* Prints the time of the images' states: that of the oldest list of EC2 among them. */
static void print_seen(struct ctl *ctl, const cJSON *first)
{
        const char *schedule = json_text(first, "schedule");
        _cleanup_free_ char *text = NULL;
        const char *all;
        sec_t oldest = SEC_NEVER;
        bool unseen = false, available = true;

        for (const cJSON *image = first; image; image = image->next) {
                sec_t seen = json_time(image, "seen");

                if (!streq(json_text(image, "schedule"), schedule) || json_text(image, "removed"))
                        continue;
                unseen |= seen == SEC_NONE;
                available &= streq(json_text(image, "state"), "available") &&
                             !json_text(image, "missed");
                if (seen != SEC_NONE && seen < oldest)
                        oldest = seen;
        }
        all = available ? "all available, " : ""; /* the column may be left out */
        if (oldest != SEC_NEVER) {
                _cleanup_free_ char *ago = past_time(oldest, loop_wall(ctl->loop));

                text = xasprintf("%sas EC2 listed them %s%s", all, ago,
                                 unseen ? ", newer ones when they were made or adopted" : "");
        } else if (unseen) {
                text = xasprintf("%sas EC2 had them when they were made or adopted; not looked at "
                                 "since",
                                 all);
        }
        if (text)
                terminal_wrap(&ctl->out, text, 1);
}

/* Prints the images of the schedule of `first` under its name. */
static void print_group(struct ctl *ctl, const cJSON *first)
{
        _cleanup_(table_done) struct table table = TABLE(images_columns);
        const char *schedule = json_text(first, "schedule");

        for (const cJSON *image = first; image; image = image->next)
                if (streq(json_text(image, "schedule"), schedule))
                        add_image(&table, image);
        terminal_print(&ctl->out, STYLE_BOLD, schedule ? schedule : "(no schedule)", ctl->out.width,
                       false);
        /* Only a schedule in the settings has a time zone. */
        fputs(json_text(first, "timezone") ? "\n" : "  not in the settings\n", ctl->out.stream);
        print_seen(ctl, first);
        table.indent = 1;
        table_print(&table, &ctl->out);
}

static bool is_first_of_group(const cJSON *images, const cJSON *image)
{
        for (const cJSON *other = images->child; other != image; other = other->next)
                if (streq(json_text(other, "schedule"), json_text(image, "schedule")))
                        return false;
        return true;
}

static int print_images(struct ctl *ctl, const cJSON *parameters, void *userdata)
{
        const cJSON *images = json_member(parameters, "images"), *image;

        (void)userdata;
        if (ctl->json) {
                ctl_print_json(ctl, parameters);
                return CTL_DONE;
        }
        cJSON_ArrayForEach (image, images)
                if (is_first_of_group(images, image)) {
                        if (image != images->child)
                                fputc('\n', ctl->out.stream);
                        print_group(ctl, image);
                }
        if (!cJSON_GetArraySize(images))
                fputs("There are no images yet. Were the state lost, `amictl adopt` would find "
                      "them.\n",
                      ctl->out.stream);
        return CTL_DONE;
}

int verb_images(struct ctl *ctl, char **arguments, size_t n)
{
        cJSON *parameters = schedule_parameter(arguments, n);

        if (ctl->all)
                cJSON_AddBoolToObject(parameters, "removed", true);
        return ctl_call(ctl, "Images", parameters, false, print_images, NULL);
}
