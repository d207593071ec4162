/* `amictl plan`: a dry run of a schedule, by the code that carries out its runs. */
#include <stdlib.h>

#include "base/alloc.h"
#include "control/describe.h"
#include "ctl/await.h"
#include "ctl/output.h"
#include "ctl/plan-instances.h"
#include "ctl/rate-anchor.h"
#include "ctl/table.h"
#include "runs/manager/plan.h"

/* The number of firings that are printed; with --days the limit of their number. */
enum { FIRINGS_SHOWN = 3, FIRINGS_MAX = 1000 };

static const struct table_column firing_columns[] = { { .heading = "FIRES" }, { .heading = "" } };

static const struct table_column image_columns[] = {
        { .heading = "IMAGE", .whole = true },
        { .heading = "INSTANCE", .drop = 2, .whole = true },
        { .heading = "FIRED", .drop = 3 },
        { .heading = "CONSISTENCY", .drop = 4, .usual = table_same, .usual_drop = 6 },
        { .heading = "OUTCOME", .drop = 5, .usual = table_same, .usual_drop = 7 },
        { .heading = "WHY", .shrinks_to = 20 },
};

struct planned {
        struct ctl *ctl;
        const struct setting_schedule *schedule;
        struct table firings, images;
        struct plan_instances *instances;
        cJSON *document, *json_firings, *json_images;
        size_t n_removed;
        char *failure; /* the error of the dry run, or NULL */
        char *rate;    /* note about the anchor of a rate without `start`; or NULL */
};

/* ---- events of the dry run ---- */

static void add_firings(struct planned *planned)
{
        struct ctl *ctl = planned->ctl;
        struct schedule schedule = planned->schedule->schedule;
        sec_t now = loop_wall(ctl->loop), at = now, until = now + ctl->days * SEC_PER_DAY;
        char buffer[TIME_TEXT_MAX];

        if (rate_is_unanchored(planned->schedule)) {
                bool known = rate_anchor_find(ctl, planned->schedule, now, &schedule);

                planned->rate = rate_anchor_words(planned->schedule, &schedule, known);
        }
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

static void add_image(struct planned *planned, const struct prune_decision *decision)
{
        const struct store_image *image = decision->image;
        cJSON *item = cJSON_CreateObject();
        char buffer[TIME_TEXT_MAX];
        const char *outcome = image->outcome == OUTCOME_OPEN ? NULL : outcome_names[image->outcome];

        planned->n_removed += decision->action == PRUNE_REMOVE;
        cJSON_AddStringToObject(item, "image", image->id);
        cJSON_AddStringToObject(item, "instance", image->instance);
        cJSON_AddStringToObject(item, "account", image->account);
        cJSON_AddStringToObject(item, "region", image->region);
        cJSON_AddStringToObject(item, "firing", format_rfc3339(image->firing, buffer));
        if (image->consistency)
                cJSON_AddStringToObject(item, "consistency", image->consistency);
        if (outcome)
                cJSON_AddStringToObject(item, "outcome", outcome);
        cJSON_AddStringToObject(item, "action", action_words[decision->action]);
        cJSON_AddBoolToObject(item, "remove", decision->action == PRUNE_REMOVE);
        cJSON_AddStringToObject(item, "why", decision->why);
        cJSON_AddItemToArray(planned->json_images, item);
        table_row(&planned->images);
        table_cell(&planned->images, STYLE_BOLD, image->id);
        table_cell(&planned->images, STYLE_PLAIN, image->instance);
        table_take(&planned->images, STYLE_DIM,
                   local_minute(image->firing, planned->schedule->timezone));
        table_cell(&planned->images, STYLE_DIM, image->consistency);
        table_cell(&planned->images, STYLE_DIM, outcome);
        table_cell(&planned->images, decision->action == PRUNE_KEEP ? STYLE_GOOD : STYLE_BAD,
                   decision->why);
}

static void on_event(const struct run_event *event, void *userdata)
{
        struct planned *planned = userdata;

        if (event->decision) {
                add_image(planned, event->decision);
        } else if (event->task) {
                if (streq(event->task->kind, "image"))
                        plan_instances_add(planned->instances, event->task);
        } else {
                if (event->run->outcome != OUTCOME_DONE)
                        planned->failure = xstrdup(event->run->detail);
                loop_exit(planned->ctl->loop, 0);
        }
}

/* ---- output ---- */

static void print_section(struct planned *planned, const char *heading, struct table *table)
{
        fprintf(planned->ctl->out.stream, "\n  %s\n", heading);
        table->indent = 4;
        table_print(table, &planned->ctl->out);
}

static void print_planned(struct planned *planned)
{
        const struct setting_schedule *schedule = planned->schedule;
        _cleanup_free_ char *images = NULL;
        FILE *out = planned->ctl->out.stream;

        terminal_print(&planned->ctl->out, STYLE_BOLD, schedule->name, planned->ctl->out.width,
                       false);
        fprintf(out, "  %s %s%s\n\n", schedule->expression_text, schedule->timezone,
                schedule->enabled ? "" : " (disabled)");
        planned->firings.indent = 4;
        table_print(&planned->firings, &planned->ctl->out);
        if (!planned->firings.n_rows)
                fputs("    never fires\n", out);
        if (planned->rate)
                terminal_wrap(&planned->ctl->out, planned->rate, 4);
        plan_instances_print(planned->instances);
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
                .instances = plan_instances_new(ctl, schedule),
                .images = TABLE(image_columns),
                .document = cJSON_CreateObject(),
        };
        cJSON_AddStringToObject(planned->document, "schedule", schedule->name);
        planned->json_firings = cJSON_AddArrayToObject(planned->document, "firings");
        planned->json_images = cJSON_AddArrayToObject(planned->document, "images");
}

static void planned_done(struct planned *planned)
{
        table_done(&planned->firings);
        plan_instances_free(planned->instances);
        table_done(&planned->images);
        cJSON_Delete(planned->document);
        free(planned->failure);
        free(planned->rate);
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
        r = ctl_await(ctl, aws);
        planning_free(planning);
        if (r < 0 || planned.failure) {
                ctl_complain("%s: %s", schedule->name,
                             planned.failure ? planned.failure : "the plan was interrupted");
                status = CTL_FAILED;
        } else if (ctl->json) {
                plan_instances_describe(planned.instances, planned.document);
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
