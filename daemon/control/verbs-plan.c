/* `amictl plan`: what would be done, read from AWS by the same code that does it. */
#include <stdlib.h>

#include "base/alloc.h"
#include "control/output.h"
#include "control/table.h"
#include "runs/plan.h"

/* Firings shown of a schedule: this many, or all within --days up to the limit. */
enum { FIRINGS_SHOWN = 3, FIRINGS_MAX = 1000 };

static const struct table_column firing_columns[] = { { .heading = "FIRES" }, { .heading = "" } };

static const struct table_column instance_columns[] = {
        { .heading = "INSTANCE" },
        { .heading = "HOW" },
        { .heading = "GROUP", .shrinks_to = 8, .drop = 2 },
        { .heading = "PLACE", .shrinks_to = 10, .drop = 1 },
};

static const struct table_column image_columns[] = {
        { .heading = "IMAGE" },
        { .heading = "INSTANCE", .drop = 2 },
        { .heading = "FIRED", .drop = 3 },
        { .heading = "WHY", .shrinks_to = 20 },
};

struct planned {
        struct ctl *ctl;
        const struct setting_schedule *schedule;
        struct table firings, instances, images;
        cJSON *document, *json_firings, *json_instances, *json_images;
        size_t n_removed;
        char *failure; /* why it could not be found out; or NULL */
};

/* ---- what comes in ---- */

static void add_firings(struct planned *planned)
{
        struct ctl *ctl = planned->ctl;
        struct schedule schedule = planned->schedule->schedule;
        sec_t now = loop_wall(ctl->loop), at = now, until = now + ctl->days * SEC_PER_DAY;
        char buffer[TIME_TEXT_MAX];

        schedule.anchor = now; /* of a rate that only the daemon knows the anchor of */
        for (int i = 0; i < (ctl->days ? FIRINGS_MAX : FIRINGS_SHOWN); i++) {
                at = planned->schedule->enabled ? schedule_next(&schedule, at) : SEC_NEVER;
                if (at == SEC_NEVER || (ctl->days && at > until))
                        break;
                table_row(&planned->firings);
                table_take(&planned->firings, STYLE_PLAIN,
                           local_time(at, planned->schedule->timezone));
                table_take(&planned->firings, STYLE_DIM, relative_time(at, now));
                cJSON_AddItemToArray(planned->json_firings,
                                     cJSON_CreateString(format_rfc3339(at, buffer)));
        }
}

static void add_instance(struct planned *planned, const struct store_task *task)
{
        const char *how = task->group                           ? "reboot"
                          : streq(task->consistency, "stopped") ? "as it is (stopped)"
                                                                : "without reboot";
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "instance", task->subject);
        cJSON_AddStringToObject(item, "account", task->account);
        cJSON_AddStringToObject(item, "region", task->region);
        cJSON_AddBoolToObject(item, "reboot", task->group != NULL);
        if (task->group)
                cJSON_AddStringToObject(item, "group", task->group);
        cJSON_AddStringToObject(item, "name", task->name);
        cJSON_AddItemToArray(planned->json_instances, item);
        table_row(&planned->instances);
        table_cell(&planned->instances, STYLE_BOLD, task->subject);
        table_cell(&planned->instances, task->group ? STYLE_WARN : STYLE_PLAIN, how);
        table_cell(&planned->instances, STYLE_PLAIN, task->group);
        table_take(&planned->instances, STYLE_DIM, xasprintf("%s/%s", task->account, task->region));
}

static void add_image(struct planned *planned, const struct prune_decision *decision)
{
        const struct store_image *image = decision->image;
        cJSON *item = cJSON_CreateObject();
        char buffer[TIME_TEXT_MAX];

        planned->n_removed += decision->remove;
        cJSON_AddStringToObject(item, "image", image->id);
        cJSON_AddStringToObject(item, "instance", image->instance);
        cJSON_AddStringToObject(item, "account", image->account);
        cJSON_AddStringToObject(item, "region", image->region);
        cJSON_AddStringToObject(item, "firing", format_rfc3339(image->firing, buffer));
        cJSON_AddBoolToObject(item, "remove", decision->remove);
        cJSON_AddStringToObject(item, "why", decision->why);
        cJSON_AddItemToArray(planned->json_images, item);
        table_row(&planned->images);
        table_cell(&planned->images, STYLE_BOLD, image->id);
        table_cell(&planned->images, STYLE_PLAIN, image->instance);
        table_take(&planned->images, STYLE_DIM,
                   local_minute(image->firing, planned->schedule->timezone));
        table_cell(&planned->images, decision->remove ? STYLE_BAD : STYLE_GOOD, decision->why);
}

static void on_event(const struct run_event *event, void *userdata)
{
        struct planned *planned = userdata;

        if (event->decision) {
                add_image(planned, event->decision);
        } else if (event->task) {
                if (streq(event->task->kind, "image"))
                        add_instance(planned, event->task);
        } else {
                if (event->run->outcome != OUTCOME_DONE)
                        planned->failure = xstrdup(event->run->detail);
                loop_exit(planned->ctl->loop, 0);
        }
}

/* ---- what goes out ---- */

static void print_section(struct planned *planned, const char *heading, struct table *table)
{
        fprintf(planned->ctl->out.stream, "\n  %s\n", heading);
        table->indent = 4;
        table_print(table, &planned->ctl->out);
}

static char *instances_heading(const struct planned *planned)
{
        const struct setting_targets *targets = &planned->schedule->targets;
        size_t n = planned->instances.n_rows;
        bool unexpected =
                n < targets->expect_min || (targets->expect_max && n > targets->expect_max);

        if (unexpected)
                return xasprintf("%zu instance%s, which is not what `expect` allows: the run would "
                                 "fail before it touches any",
                                 n, n == 1 ? "" : "s");
        return xasprintf("%zu instance%s would be imaged", n, n == 1 ? "" : "s");
}

static void print_planned(struct planned *planned)
{
        const struct setting_schedule *schedule = planned->schedule;
        _cleanup_free_ char *instances = instances_heading(planned), *images = NULL;
        FILE *out = planned->ctl->out.stream;

        terminal_print(&planned->ctl->out, STYLE_BOLD, schedule->name, planned->ctl->out.width,
                       false);
        fprintf(out, "  %s %s%s\n\n", schedule->expression_text, schedule->timezone,
                schedule->enabled ? "" : " (disabled)");
        planned->firings.indent = 4;
        table_print(&planned->firings, &planned->ctl->out);
        if (!planned->firings.n_rows)
                fputs("    never fires\n", out);
        print_section(planned, instances, &planned->instances);
        if (!schedule->has_retain) {
                fputs("\n  No `retain`: no image is ever removed.\n", out);
        } else {
                images = xasprintf("%zu of %zu image%s would be removed now", planned->n_removed,
                                   planned->images.n_rows, planned->images.n_rows == 1 ? "" : "s");
                print_section(planned, images, &planned->images);
        }
}

static void planned_init(struct planned *planned, struct ctl *ctl,
                         const struct setting_schedule *schedule)
{
        *planned = (struct planned){
                .ctl = ctl,
                .schedule = schedule,
                .firings = TABLE(firing_columns),
                .instances = TABLE(instance_columns),
                .images = TABLE(image_columns),
                .document = cJSON_CreateObject(),
        };
        cJSON_AddStringToObject(planned->document, "schedule", schedule->name);
        planned->json_firings = cJSON_AddArrayToObject(planned->document, "firings");
        planned->json_instances = cJSON_AddArrayToObject(planned->document, "instances");
        planned->json_images = cJSON_AddArrayToObject(planned->document, "images");
}

static void planned_done(struct planned *planned)
{
        table_done(&planned->firings);
        table_done(&planned->instances);
        table_done(&planned->images);
        cJSON_Delete(planned->document);
        free(planned->failure);
}

static int plan_schedule(struct ctl *ctl, struct aws *aws, struct settings *settings,
                         const struct setting_schedule *schedule)
{
        struct planning *planning;
        struct planned planned;
        int r, status = CTL_DONE;

        planned_init(&planned, ctl, schedule);
        add_firings(&planned);
        planning = planning_new(ctl->loop, aws, settings, schedule->name, on_event, &planned);
        r = loop_run(ctl->loop);
        planning_free(planning);
        if (r < 0 || planned.failure) {
                ctl_complain("%s: %s", schedule->name,
                             planned.failure ? planned.failure : "the plan was interrupted");
                status = CTL_FAILED;
        } else if (ctl->json) {
                ctl_print_json(ctl, planned.document);
        } else {
                print_planned(&planned);
        }
        planned_done(&planned);
        return status;
}

int verb_plan(struct ctl *ctl, char **arguments, size_t n)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        _cleanup_(http_freep) struct http *http = NULL;
        _cleanup_(aws_freep) struct aws *aws = NULL;
        int status = CTL_DONE;
        bool first = true;

        if (settings_load(ctl->file, &settings, &messages) < 0) {
                fputs(text_get(&messages), stderr);
                return CTL_FAILED;
        }
        if (n && !settings_schedule(settings, arguments[0]))
                return ctl_complain_unknown(settings, arguments[0]);
        if (ctl_open_aws(ctl, &http, &aws) < 0)
                return CTL_FAILED;
        for (size_t i = 0; i < settings->n_schedules; i++) {
                const struct setting_schedule *schedule = &settings->schedules[i];

                if (n && !streq(schedule->name, arguments[0]))
                        continue;
                if (!first && !ctl->json)
                        fputc('\n', ctl->out.stream);
                first = false;
                if (plan_schedule(ctl, aws, settings, schedule) != CTL_DONE)
                        status = CTL_FAILED;
        }
        if (first && !ctl->json)
                fputs("There are no schedules in the settings.\n", ctl->out.stream);
        return status;
}
