/* The instances of a plan: method, order and duration of outages. */
#include "ctl/plan-instances.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "control/control.h"
#include "control/rolling.h"
#include "ctl/output.h"
#include "ctl/table.h"
#include "runs/images/method.h"

struct planned_instance {
        char *id, *account, *region, *name, *groups;
        char *impaired; /* the impairment and its effect; or NULL */
        bool skipped;   /* the instance gets no image because of it */
        const struct method *method;
        struct rolling rolling;
};

struct plan_instances {
        struct ctl *ctl;
        const struct setting_schedule *schedule;
        struct planned_instance *list;
        size_t n;
        sec_t length;  /* duration of all outages; 0: unknown */
        char *unknown; /* why the status checks of some instances are unknown; or NULL */
};

struct plan_instances *plan_instances_new(struct ctl *ctl, const struct setting_schedule *schedule)
{
        struct plan_instances *plan = xnew(struct plan_instances);

        plan->ctl = ctl;
        plan->schedule = schedule;
        return plan;
}

struct plan_instances *plan_instances_free(struct plan_instances *plan)
{
        if (!plan)
                return NULL;
        for (size_t i = 0; i < plan->n; i++) {
                free(plan->list[i].id);
                free(plan->list[i].account);
                free(plan->list[i].region);
                free(plan->list[i].name);
                free(plan->list[i].groups);
                free(plan->list[i].impaired);
        }
        free(plan->list);
        free(plan->unknown);
        free(plan);
        return NULL;
}

void plan_instances_add(struct plan_instances *plan, const struct store_task *task)
{
        *append(plan->list, plan->n) = (struct planned_instance){
                .id = xstrdup(task->subject),
                .account = xstrdup(task->account),
                .region = xstrdup(task->region),
                .name = xstrdup(task->name),
                .groups = xstrdup(task->group),
                .impaired = xstrdup(task->detail),
                .skipped = task->ending == OUTCOME_SKIPPED,
                .method = method_named(task->method),
        };
        if (!plan->unknown && task->evidence && *task->evidence)
                plan->unknown = xstrdup(task->evidence);
}

/* ---- order and duration ---- */

/* The measured outages of a running daemon. NULL without a daemon, which is no error. */
static cJSON *ask_measures(const struct plan_instances *plan)
{
        _cleanup_free_ char *path =
                plan->ctl->socket ? xstrdup(plan->ctl->socket) : control_default_path();
        _cleanup_(client_freep) struct client *client = NULL;
        _cleanup_(client_answer_done) struct client_answer answer = {};
        _cleanup_free_ char *error = NULL;
        cJSON *parameters;

        if (client_connect(path, &client, &error) < 0)
                return NULL;
        parameters = cJSON_CreateObject();
        cJSON_AddStringToObject(parameters, "schedule", plan->schedule->name);
        client_call(client, "Measures", parameters, false);
        client_next(client, &answer);
        return answer.outcome == CLIENT_ANSWER ? steal(answer.parameters) : NULL;
}

static const cJSON *find_measure(const cJSON *measures, const char *instance)
{
        const cJSON *measure;

        cJSON_ArrayForEach (measure, json_member(measures, "measures"))
                if (streq(json_text(measure, "instance"), instance))
                        return measure;
        return NULL;
}

static sec_t measured_away(const cJSON *measure)
{
        const cJSON *away = json_member(measure, "away");

        return cJSON_IsNumber(away) && away->valuedouble > 0 ? (sec_t)away->valuedouble : 0;
}

/* Moves instances that did not come back the last time to the end, as a run does. */
static void put_failed_last(struct plan_instances *plan, const cJSON *measures)
{
        struct planned_instance *list = xcalloc(plan->n + 1, sizeof(*list));
        size_t n = 0;

        for (int failed = 0; failed < 2; failed++)
                for (size_t i = 0; i < plan->n; i++) {
                        const cJSON *measure = find_measure(measures, plan->list[i].id);

                        if (cJSON_IsTrue(json_member(measure, "failed")) == failed)
                                list[n++] = plan->list[i];
                }
        free(plan->list);
        plan->list = list;
}

static int compare_order(const void *a, const void *b)
{
        const struct planned_instance *x = a, *y = b;
        unsigned int first = x->rolling.order, second = y->rolling.order;

        if (first != second)
                return !first || (second && first > second) ? 1 : -1; /* no outage: last */
        return strcmp(x->id, y->id);
}

static void find_order(struct plan_instances *plan)
{
        struct rolling *rolling = xcalloc(plan->n + 1, sizeof(*rolling));
        cJSON *measures = ask_measures(plan);

        put_failed_last(plan, measures);
        for (size_t i = 0; i < plan->n; i++) {
                rolling[i].groups = plan->list[i].groups;
                rolling[i].away = measured_away(find_measure(measures, plan->list[i].id));
        }
        plan->length = rolling_plan(rolling, plan->n, plan->schedule->reboot.max_parallel);
        for (size_t i = 0; i < plan->n; i++)
                plan->list[i].rolling = rolling[i];
        if (plan->n)
                qsort(plan->list, plan->n, sizeof(*plan->list), compare_order);
        free(rolling);
        cJSON_Delete(measures);
}

/* ---- output ---- */

static const struct table_column columns[] = {
        { .heading = "INSTANCE", .whole = true },
        { .heading = "HOW" },
        { .heading = "ORDER", .drop = 3 },
        { .heading = "BEGINS", .drop = 4 },
        { .heading = "GROUP", .shrinks_to = 8, .drop = 2, .usual = table_same, .usual_drop = 5 },
        { .heading = "PLACE", .drop = 1, .whole = true, .usual = table_same, .usual_drop = 6 },
};

/* The lines of `groups` on one line. Caller frees. */
static char *on_one_line(const char *groups)
{
        _cleanup_(text_done) struct text text = {};

        if (!groups)
                return NULL;
        for (const char *p = groups; *p; p++)
                text_append(&text, *p == '\n' ? ", " : (const char[]){ *p, '\0' });
        return text_steal(&text);
}

static void add_row(const struct plan_instances *plan, struct table *table,
                    const struct planned_instance *instance)
{
        const struct rolling *rolling = &instance->rolling;
        bool down = instance->method && instance->method->takes_down;
        char time[TIME_TEXT_MAX];

        table_row(table);
        table_cell(table, STYLE_BOLD, instance->id);
        if (instance->skipped)
                table_cell(table, STYLE_WARN, "no image");
        else
                table_cell(table, down ? STYLE_WARN : STYLE_PLAIN,
                           instance->method ? instance->method->says : NULL);
        table_take(table, STYLE_PLAIN, rolling->order ? xasprintf("%u", rolling->order) : NULL);
        table_take(table, STYLE_DIM,
                   rolling->order && plan->length
                           ? xasprintf("+%s", format_timespan(rolling->begins, time))
                           : NULL);
        table_take(table, STYLE_PLAIN, on_one_line(instance->groups));
        table_take(table, STYLE_DIM, xasprintf("%s/%s", instance->account, instance->region));
        if (instance->impaired)
                table_note(table, instance->impaired);
}

static char *heading(const struct plan_instances *plan)
{
        const struct setting_targets *targets = &plan->schedule->targets;
        bool unexpected = plan->n < targets->expect_min ||
                          (targets->expect_max && plan->n > targets->expect_max);
        const char *plural = plan->n == 1 ? "" : "s";
        size_t rolling = 0, skipped = 0, imaged;
        char time[TIME_TEXT_MAX];

        for (size_t i = 0; i < plan->n; i++)
                rolling += plan->list[i].rolling.order > 0;
        for (size_t i = 0; i < plan->n; i++)
                skipped += plan->list[i].skipped;
        if (unexpected)
                return xasprintf("%zu instance%s, which is not what `expect` allows: the run would "
                                 "fail before it touches any",
                                 plan->n, plural);
        imaged = plan->n - skipped;
        plural = imaged == 1 ? "" : "s";
        if (!rolling)
                return xasprintf("%zu instance%s would be imaged", imaged, plural);
        if (!plan->length)
                return xasprintf(
                        "%zu instance%s would be imaged, %zu of them in turn; how long that "
                        "takes was not measured yet",
                        imaged, plural, rolling);
        return xasprintf("%zu instance%s would be imaged, %zu of them in turn, for about %s",
                         imaged, plural, rolling, format_timespan(plan->length, time));
}

void plan_instances_print(struct plan_instances *plan)
{
        _cleanup_(table_done) struct table table = TABLE(columns);
        _cleanup_free_ char *title = NULL;

        find_order(plan);
        title = heading(plan);
        fprintf(plan->ctl->out.stream, "\n  %s\n", title);
        for (size_t i = 0; i < plan->n; i++)
                add_row(plan, &table, &plan->list[i]);
        table.indent = 4;
        table_print(&table, &plan->ctl->out);
        if (plan->unknown) {
                _cleanup_free_ char *text =
                        xasprintf("Whether they are impaired is not known: %s", plan->unknown);

                terminal_wrap(&plan->ctl->out, text, 4);
        }
}

static cJSON *describe_instance(const struct plan_instances *plan,
                                const struct planned_instance *instance)
{
        const struct rolling *rolling = &instance->rolling;
        cJSON *item = cJSON_CreateObject(), *groups;

        cJSON_AddStringToObject(item, "instance", instance->id);
        cJSON_AddStringToObject(item, "account", instance->account);
        cJSON_AddStringToObject(item, "region", instance->region);
        if (instance->method)
                cJSON_AddStringToObject(item, "method", instance->method->name);
        cJSON_AddStringToObject(item, "name", instance->name);
        if (instance->impaired)
                cJSON_AddStringToObject(item, "impaired", instance->impaired);
        if (instance->skipped)
                cJSON_AddBoolToObject(item, "skipped", true);
        if (!rolling->order)
                return item;
        groups = cJSON_AddArrayToObject(item, "groups");
        for (const char *p = instance->groups; p; p = lines_next(p)) {
                _cleanup_free_ char *group = xstrndup(p, strcspn(p, "\n"));

                cJSON_AddItemToArray(groups, cJSON_CreateString(group));
        }
        cJSON_AddNumberToObject(item, "order", rolling->order);
        if (plan->length)
                cJSON_AddNumberToObject(item, "begins", (double)rolling->begins);
        return item;
}

void plan_instances_describe(struct plan_instances *plan, cJSON *document)
{
        cJSON *instances = cJSON_AddArrayToObject(document, "instances");

        find_order(plan);
        for (size_t i = 0; i < plan->n; i++)
                cJSON_AddItemToArray(instances, describe_instance(plan, &plan->list[i]));
        if (plan->length)
                cJSON_AddNumberToObject(document, "length", (double)plan->length);
        if (plan->unknown)
                cJSON_AddStringToObject(document, "impaired_unknown", plan->unknown);
}
