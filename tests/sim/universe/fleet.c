#include "sim/universe/fleet.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/universe/sim-http.h"

static const char *const regions[] = { "ap-northeast-2", "us-east-1", "eu-west-1" };
static const char *const zones[] = { "UTC",           "Asia/Seoul",       "America/New_York",
                                     "Europe/Berlin", "Australia/Sydney", "America/Sao_Paulo",
                                     "Asia/Kolkata",  "Pacific/Auckland", "Africa/Casablanca" };
static const char *const missed_names[] = { "none", "latest", "all" };
static const char *const group_by_names[] = { "tag:Role", "availability-zone", "all" };

/* ---- drawing ---- */

/* How often: most schedules of a fleet fire once a week or month, few every day or oftener. */
static void draw_expression(struct fleet_schedule *schedule, struct dice *dice)
{
        int hour = (int)dice_below(dice, 24), minute = (int)dice_below(dice, 60);
        size_t kind = dice_below(dice, 20);
        char *text = schedule->expression;
        size_t size = sizeof(schedule->expression);

        if (kind < 1)
                (void)snprintf(text, size, "rate(%d hours)", 8 + hour);
        else if (kind < 3)
                (void)snprintf(text, size, "cron(%d %d * * ? *)", minute, hour % 5);
        else if (kind < 9)
                (void)snprintf(text, size, "cron(%d %d ? * %d *)", minute, hour, 1 + hour % 7);
        else if (kind < 15)
                (void)snprintf(text, size, "cron(%d %d %d * ? *)", minute, hour, 1 + minute % 28);
        else if (kind < 17)
                (void)snprintf(text, size, "cron(%d 2 L * ? *)", minute);
        else
                (void)snprintf(text, size, "rate(%d days)", 5 + hour);
}

static void draw_retain(struct fleet_schedule *schedule, struct dice *dice)
{
        schedule->has_retain = dice_chance(dice, 0.9);
        schedule->last = (int)dice_between(dice, 1, 4);
        schedule->daily = dice_chance(dice, 0.3) ? (int)dice_between(dice, 1, 5) : 0;
        schedule->weekly = dice_chance(dice, 0.3) ? (int)dice_between(dice, 1, 3) : 0;
        schedule->within_days = dice_chance(dice, 0.2) ? (int)dice_between(dice, 1, 10) : 0;
}

static void draw_schedule(struct fleet_schedule *schedule, struct dice *dice, bool all_reboot)
{
        draw_expression(schedule, dice);
        schedule->zone = zones[dice_below(dice, ELEMENTS(zones))];
        schedule->group = dice_chance(dice, 0.2) ? -1 : (int)dice_below(dice, GROUPS);
        schedule->there = schedule->enabled = true;
        schedule->reboot = all_reboot || dice_chance(dice, 0.5);
        schedule->halt = dice_chance(dice, 0.5);
        schedule->queue = dice_chance(dice, 0.3);
        schedule->flexible = dice_chance(dice, 0.2) ? (int)dice_between(dice, 5, 60) : 0;
        schedule->missed = (int)dice_below(dice, ELEMENTS(missed_names));
        schedule->within = (int)dice_between(dice, 1, 72);
        schedule->max_parallel = dice_chance(dice, 0.7) ? 1 : 2;
        schedule->group_by = (int)dice_below(dice, ELEMENTS(group_by_names));
        schedule->settle = (int)dice_between(dice, 2, 4);
        schedule->ready_timeout = (int)dice_between(dice, 15, 30);
        schedule->window = dice_chance(dice, 0.3) ? (int)dice_between(dice, 1, 6) : 0;
        draw_retain(schedule, dice);
}

void fleet_init(struct fleet *fleet, uint64_t seed, bool all_reboot)
{
        *fleet = (struct fleet){ .dice = dice_new(seed, "fleet") };
        fleet->n_regions = dice_chance(&fleet->dice, 0.7) ? 1 : 2;
        for (size_t i = 0; i < fleet->n_regions; i++)
                fleet->regions[i] = regions[(seed + i) % ELEMENTS(regions)];
        fleet->n_instances = (size_t)dice_between(&fleet->dice, 2, 6);
        fleet->n_schedules = (size_t)dice_between(&fleet->dice, 3, SCHEDULES_MOST);
        for (size_t i = 0; i < fleet->n_schedules; i++) {
                (void)snprintf(fleet->schedules[i].name, sizeof(fleet->schedules[i].name), "s%02zu",
                               i);
                draw_schedule(&fleet->schedules[i], &fleet->dice, all_reboot);
        }
}

const struct fleet_schedule *fleet_find(const struct fleet *fleet, const char *name)
{
        for (size_t i = 0; i < fleet->n_schedules; i++)
                if (streq(fleet->schedules[i].name, name))
                        return &fleet->schedules[i];
        return NULL;
}

size_t fleet_schedules_there(const struct fleet *fleet)
{
        size_t n = 0;

        for (size_t i = 0; i < fleet->n_schedules; i++)
                n += fleet->schedules[i].there;
        return n;
}

void fleet_edit(struct fleet *fleet, usec_t now)
{
        struct dice *dice = &fleet->dice;
        struct fleet_schedule *schedule = &fleet->schedules[dice_below(dice, fleet->n_schedules)];

        switch (dice_below(dice, 8)) {
        case 0:
                schedule->there = !schedule->there;
                break;
        case 1:
                schedule->enabled = !schedule->enabled;
                break;
        case 2:
                draw_expression(schedule, dice);
                break;
        case 3:
                schedule->zone = zones[dice_below(dice, ELEMENTS(zones))];
                break;
        case 4:
                draw_retain(schedule, dice);
                break;
        case 5:
                schedule->group = (int)dice_below(dice, GROUPS);
                break;
        case 6:
                return; /* read again, the same */
        default:
                schedule->queue = !schedule->queue;
                schedule->missed = (int)dice_below(dice, ELEMENTS(missed_names));
        }
        schedule->changed = now;
}

/* ---- the settings ---- */

static void write_reboot(struct text *text, const struct fleet_schedule *schedule)
{
        if (!schedule->reboot)
                return;
        text_printf(text,
                    "    reboot: {max_parallel: %d, group_by: \"%s\", settle: %dm, "
                    "ready_timeout: %dm, on_failure: %s",
                    schedule->max_parallel, group_by_names[schedule->group_by], schedule->settle,
                    schedule->ready_timeout, schedule->halt ? "halt" : "continue");
        if (schedule->window)
                text_printf(text, ", window: %dh", schedule->window);
        text_append(text, "}\n");
}

static void write_retain(struct text *text, const struct fleet_schedule *schedule)
{
        if (!schedule->has_retain)
                return;
        text_printf(text, "    retain: {last: %d", schedule->last);
        if (schedule->daily)
                text_printf(text, ", daily: %d", schedule->daily);
        if (schedule->weekly)
                text_printf(text, ", weekly: %d", schedule->weekly);
        if (schedule->within_days)
                text_printf(text, ", within: %dd", schedule->within_days);
        text_append(text, "}\n");
}

static void write_schedule(struct text *text, const struct fleet_schedule *schedule)
{
        text_printf(text, "  %s:\n    schedule: \"%s\"\n    timezone: %s\n", schedule->name,
                    schedule->expression, schedule->zone);
        text_printf(text, "    missed: {run: %s, within: %dh}\n    overlap: %s\n    enabled: %s\n",
                    missed_names[schedule->missed], schedule->within,
                    schedule->queue ? "queue" : "skip", schedule->enabled ? "true" : "false");
        if (schedule->flexible)
                text_printf(text, "    flexible_window: %dm\n", schedule->flexible);
        if (schedule->group < 0)
                text_append(text, "    targets: {tags: {Group: [g0, g1, g2]}, "
                                  "exclude_tags: {Backup: \"off\"}}\n");
        else
                text_printf(text,
                            "    targets: {tags: {Group: g%d}, exclude_tags: {Backup: \"off\"}}\n",
                            schedule->group);
        text_printf(text, "    consistency: %s\n", schedule->reboot ? "reboot" : "crash");
        write_reboot(text, schedule);
        write_retain(text, schedule);
}

struct settings *fleet_settings(const struct fleet *fleet)
{
        _cleanup_(text_done) struct text text = {}, messages = {};
        struct settings *settings = NULL;
        const char *yaml;

        text_append(&text, "version: 1\nowner: sim\naccounts:\n  default:\n    regions: [");
        for (size_t i = 0; i < fleet->n_regions; i++)
                text_printf(&text, "%s%s", i ? ", " : "", fleet->regions[i]);
        text_append(&text, "]\nschedules:\n");
        if (!fleet_schedules_there(fleet))
                text_append(&text, "  {}\n");
        for (size_t i = 0; i < fleet->n_schedules; i++)
                if (fleet->schedules[i].there)
                        write_schedule(&text, &fleet->schedules[i]);
        yaml = text_get(&text);
        if (settings_parse("sim.yaml", yaml, strlen(yaml), &settings, &messages) < 0) {
                fprintf(stderr, "%s%s", yaml, text_get(&messages));
                abort();
        }
        return settings;
}

/* ---- instances ---- */

void fleet_launch(struct fleet *fleet, struct cloud *cloud)
{
        for (size_t i = 0; i < fleet->n_regions; i++) {
                _cleanup_free_ char *text =
                        xasprintf("{\"count\": %zu, \"region\": \"%s\", \"volumes\": [%d, %d],"
                                  " \"tags\": {\"Name\": \"%s-{n}\", \"Group\": [\"g0\", \"g1\","
                                  " \"g2\", \"g0\"], \"Role\": [\"web\", \"db\"]}}",
                                  fleet->n_instances, fleet->regions[i],
                                  (int)dice_between(&fleet->dice, 8, 60),
                                  (int)dice_between(&fleet->dice, 8, 60), fleet->regions[i]);
                cJSON *json = cJSON_Parse(text);
                char *answer;
                int status = sim_control(cloud->sim, virtual_true_time(cloud->clock), "/sim/fleet",
                                         json, &answer);

                assert(status == 200);
                free(answer);
                cJSON_Delete(json);
        }
}
