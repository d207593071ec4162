/* Draws the fleet and its schedules, writes the settings, launches the instances. */
#include "sim/simulation/fleet.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/simulation/sim-http.h"

static const char *const regions[] = { "ap-northeast-2", "us-east-1", "eu-west-1" };
static const char *const zones[] = { "UTC",           "Asia/Seoul",       "America/New_York",
                                     "Europe/Berlin", "Australia/Sydney", "America/Sao_Paulo",
                                     "Asia/Kolkata",  "Pacific/Auckland", "Africa/Casablanca" };
static const char *const missed_names[] = { "none", "latest", "all" };
static const char *const group_by_names[] = { "tag:Role", "availability-zone", "all" };

/* ---- drawing ---- */

/* Expressions, from many times a day to once a year. Each fleet has a pace, and draws
 * expressions of that pace: in most fleets schedules fire once a month or more seldom, so that many
 * years pass, in some every day. */
static const struct {
        const char *format;
        int quickest, slowest; /* paces at which the row is drawn */
} expressions[] = {
        { "rate(%d hours)", 0, 0 },          /* pace 0: more than once a day */
        { "cron(%d %d * * ? *)", 0, 0 },     /* daily */
        { "cron(%d %d ? * 1,4 *)", 0, 1 },   /* pace 1: some days a week */
        { "cron(%d %d ? * SUN *)", 0, 1 },   /* weekly */
        { "rate(%d days)", 1, 1 },           /* some days a month */
        { "cron(%d %d 1 * ? *)", 1, 2 },     /* pace 2: monthly */
        { "cron(%d %d L * ? *)", 1, 2 },     /* the last day of the month */
        { "cron(%d %d ? 1/3 6#2 *)", 2, 2 }, /* a second Friday, once a quarter */
        { "cron(%d %d 29 2 ? *)", 2, 2 },    /* leap days */
        { "cron(%d %d 26 3,10 ? *)", 2, 2 }, /* around DST changes */
        { "cron(%d %d LW 6,12 ? *)", 2, 2 },
};

static void draw_expression(struct fleet_schedule *schedule, struct dice *dice, int pace)
{
        size_t row;
        int first, second = (int)dice_below(dice, 24);

        do
                row = dice_below(dice, ELEMENTS(expressions));
        while (pace < expressions[row].quickest || pace > expressions[row].slowest);
        first = startswith(expressions[row].format, "rate") ? 5 + second
                                                            : (int)dice_below(dice, 60);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(schedule->expression, sizeof(schedule->expression), expressions[row].format,
                       first, second);
#pragma GCC diagnostic pop
}

/* How often a rule is in 'retain', and how much it keeps at most. */
static const struct {
        double chance;
        int most;
} rules[RETAIN_RULES] = {
        [RETAIN_LAST] = { 0.8, 4 },   [RETAIN_HOURLY] = { 0.15, 6 },  [RETAIN_DAILY] = { 0.3, 5 },
        [RETAIN_WEEKLY] = { 0.3, 3 }, [RETAIN_MONTHLY] = { 0.15, 3 }, [RETAIN_YEARLY] = { 0.1, 2 },
};

/* 'require' is mostly none; else it is the level of the schedule, crash, or a level between. */
static enum setting_require draw_require(enum setting_consistency level, struct dice *dice)
{
        enum setting_consistency asked = level == CONSISTENCY_AUTO ? CONSISTENCY_REBOOT : level;
        uint64_t draw = dice_below(dice, 20);

        if (draw < 5)
                return REQUIRE_CRASH + asked;
        if (draw < 7)
                return REQUIRE_CRASH;
        return draw < 9 ? REQUIRE_CRASH + (asked + 1) / 2 : REQUIRE_NONE;
}

static void draw_retain(struct fleet_schedule *schedule, struct dice *dice, int pace)
{
        schedule->retain = (struct retention_policy){};
        /* Without 'retain' images would pile up for ever. */
        schedule->has_retain = pace < 2 || dice_chance(dice, 0.9);
        for (enum retain_rule rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (dice_chance(dice, rules[rule].chance))
                        schedule->retain.keep[rule] =
                                (unsigned int)dice_between(dice, 1, rules[rule].most);
        if (retention_policy_is_empty(&schedule->retain) || dice_chance(dice, 0.2))
                schedule->retain.within = dice_between(dice, 1, 10) * SEC_PER_DAY;
        schedule->require = draw_require(schedule->level, dice);
}

static void draw_level(struct fleet_schedule *schedule, struct dice *dice)
{
        static const enum setting_consistency levels[] = {
                CONSISTENCY_CRASH,  CONSISTENCY_CRASH,  CONSISTENCY_REBOOT, CONSISTENCY_REBOOT,
                CONSISTENCY_REBOOT, CONSISTENCY_FREEZE, CONSISTENCY_STOP,   CONSISTENCY_AUTO,
        };

        schedule->level = levels[dice_below(dice, ELEMENTS(levels))];
        schedule->proof = dice_chance(dice, 0.3);
        schedule->drain = dice_chance(dice, 0.3);
        schedule->anyhow = dice_chance(dice, 0.5);
        schedule->strict = dice_chance(dice, 0.2);
        schedule->timeout = (int)dice_between(dice, 20, 300);
        schedule->max_age = (int)dice_between(dice, 1, 60);
        schedule->standby = dice_chance(dice, 0.5);
}

bool fleet_takes_down(const struct fleet_schedule *schedule)
{
        switch (schedule->level) {
        case CONSISTENCY_CRASH:
        case CONSISTENCY_FREEZE:
                return false;
        case CONSISTENCY_REBOOT:
        case CONSISTENCY_STOP:
        case CONSISTENCY_AUTO:
                break;
        }
        return true;
}

static void draw_schedule(struct fleet_schedule *schedule, struct dice *dice, int pace)
{
        draw_expression(schedule, dice, pace);
        schedule->zone = zones[dice_below(dice, ELEMENTS(zones))];
        schedule->group = dice_chance(dice, 0.2) ? -1 : (int)dice_below(dice, GROUPS);
        schedule->there = schedule->enabled = true;
        draw_level(schedule, dice);
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
        draw_retain(schedule, dice, pace);
}

static void make_small(struct fleet *fleet, const struct fleet_plan *plan)
{
        struct fleet_schedule *schedule = &fleet->schedules[0];

        fleet->n_regions = fleet->n_schedules = 1;
        fleet->n_instances = 4;
        schedule->group = -1;
        schedule->level = plan->level;
        schedule->proof = plan->proof;
        schedule->drain = schedule->standby = fleet->scaling = plan->rotation;
        schedule->require = REQUIRE_NONE;
        schedule->anyhow = schedule->strict = false;
        schedule->timeout = 60;
        schedule->has_retain = true;
        schedule->halt = false;
        schedule->retain = (struct retention_policy){ .keep[RETAIN_LAST] = 1 };
        schedule->window = 0;
        (void)snprintf(schedule->expression, sizeof(schedule->expression), "cron(0 0 1 7 ? *)");
}

void fleet_init(struct fleet *fleet, uint64_t seed, const struct fleet_plan *small)
{
        *fleet = (struct fleet){ .dice = dice_new(seed, "fleet") };
        fleet->n_regions = dice_chance(&fleet->dice, 0.7) ? 1 : 2;
        for (size_t i = 0; i < fleet->n_regions; i++)
                fleet->regions[i] = regions[(seed + i) % ELEMENTS(regions)];
        fleet->pace = dice_chance(&fleet->dice, 0.7) ? 2 : dice_chance(&fleet->dice, 0.7) ? 1 : 0;
        fleet->n_instances = (size_t)dice_between(&fleet->dice, 2, 6);
        /* Some fleets are large enough for EC2's buckets to matter. */
        if (fleet->pace == 2 && dice_chance(&fleet->dice, 0.05))
                fleet->n_instances = 70;
        fleet->scaling = dice_chance(&fleet->dice, 0.2);
        fleet->n_schedules = (size_t)dice_between(&fleet->dice, 3, SCHEDULES_MOST);
        for (size_t i = 0; i < fleet->n_schedules; i++) {
                (void)snprintf(fleet->schedules[i].name, sizeof(fleet->schedules[i].name), "s%02zu",
                               i);
                draw_schedule(&fleet->schedules[i], &fleet->dice, fleet->pace);
        }
        fleet->role = !small && dice_chance(&fleet->dice, 0.25);
        if (small)
                make_small(fleet, small);
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

/* A fleet whose schedules fire seldom is simulated for longer, so that all fleets make about as
 * many images. */
static const struct {
        sec_t lifetime;       /* of all instances together */
        int64_t faults_least; /* of a fault period, days, at least */
        int64_t faults_most;  /* and at most */
} paces[] = {
        { SEC_PER_YEAR / 2, 10, 60 },
        { 3 * SEC_PER_YEAR, 10, 60 },
        { 40 * SEC_PER_YEAR, 30, 180 },
};

sec_t fleet_lifetime(const struct fleet *fleet)
{
        return paces[fleet->pace].lifetime / (sec_t)(fleet->n_regions * fleet->n_instances);
}

sec_t fleet_fault_period(const struct fleet *fleet, struct dice *dice)
{
        return dice_between(dice, paces[fleet->pace].faults_least, paces[fleet->pace].faults_most) *
               SEC_PER_DAY;
}

/* Schedules that fire: in the settings, and enabled. */
static size_t schedules_at_work(const struct fleet *fleet)
{
        size_t n = 0;

        for (size_t i = 0; i < fleet->n_schedules; i++)
                n += fleet->schedules[i].there && fleet->schedules[i].enabled;
        return n;
}

static void count_work(struct fleet *fleet, usec_t now)
{
        fleet->worked += (double)schedules_at_work(fleet) * (double)(now - fleet->worked_until);
        fleet->worked_until = now;
}

double fleet_schedule_years(struct fleet *fleet, usec_t now)
{
        count_work(fleet, now);
        return fleet->worked / (double)(SEC_PER_YEAR * USEC_PER_SEC);
}

void fleet_edit(struct fleet *fleet, usec_t now)
{
        enum { KINDS = 8 };
        struct dice *dice = &fleet->dice;
        struct fleet_schedule *schedule = &fleet->schedules[dice_below(dice, fleet->n_schedules)];

        count_work(fleet, now);
        fleet->settings = settings_unref(fleet->settings);
        /* A schedule that was removed or disabled comes back, or soon few would be left. */
        switch (schedule->there && schedule->enabled ? dice_below(dice, KINDS) : KINDS) {
        case 0:
                schedule->there = false;
                break;
        case 1:
                schedule->enabled = false;
                break;
        case KINDS:
                schedule->there = schedule->enabled = true;
                break;
        case 2:
                draw_expression(schedule, dice, fleet->pace);
                break;
        case 3:
                schedule->zone = zones[dice_below(dice, ELEMENTS(zones))];
                break;
        case 4:
                draw_retain(schedule, dice, fleet->pace);
                break;
        case 5:
                schedule->group = (int)dice_below(dice, GROUPS);
                break;
        case 6:
                return; /* a reload without a change */
        default:
                schedule->queue = !schedule->queue;
                schedule->missed = (int)dice_below(dice, ELEMENTS(missed_names));
        }
        schedule->edited = true;
}

void fleet_read(struct fleet *fleet, usec_t now, usec_t skew, bool recorded)
{
        for (size_t i = 0; i < fleet->n_schedules; i++) {
                struct fleet_schedule *schedule = &fleet->schedules[i];

                if (schedule->edited)
                        schedule->changed = now;
                if (schedule->edited || schedule->unrecorded) {
                        schedule->begins = skew > 0 ? now + skew : now;
                        schedule->unrecorded = !recorded;
                }
                schedule->edited = false;
        }
}

void fleet_recorded(struct fleet *fleet)
{
        for (size_t i = 0; i < fleet->n_schedules; i++)
                fleet->schedules[i].unrecorded = false;
}

/* ---- the settings ---- */

static void write_reboot(struct text *text, const struct fleet_schedule *schedule)
{
        if (!fleet_takes_down(schedule))
                return;
        text_printf(text,
                    "    reboot: {max_parallel: %d, group_by: \"%s\", settle: %dm, "
                    "ready_timeout: %dm, on_failure: %s",
                    schedule->max_parallel, group_by_names[schedule->group_by], schedule->settle,
                    schedule->ready_timeout, schedule->halt ? "halt" : "continue");
        if (schedule->window)
                text_printf(text, ", window: %dh", schedule->window);
        text_printf(text, ", target_groups: %s, auto_scaling: %s, proof: %s}\n",
                    schedule->drain ? "drain" : "watch", schedule->standby ? "standby" : "leave",
                    schedule->proof ? "ssm" : "checks");
}

/* Instances of the simulation have a public address, which stopping them changes. */
static void write_level(struct text *text, const struct fleet_schedule *schedule)
{
        text_printf(text, "    consistency: %s\n    on_shortfall: %s\n",
                    consistency_name(schedule->level), schedule->strict ? "fail" : "keep");
        if (schedule->level == CONSISTENCY_STOP)
                text_append(text, "    stop: {allow: [public-address]}\n");
        if (schedule->level == CONSISTENCY_AUTO)
                text_printf(text, "    reboot_max_age: %dd\n", schedule->max_age);
        if (schedule->level == CONSISTENCY_FREEZE || schedule->level == CONSISTENCY_AUTO)
                text_printf(text,
                            "    freeze: {before: [fsfreeze -f /srv], after: [fsfreeze -u /srv], "
                            "timeout: %ds, on_failure: %s}\n",
                            schedule->timeout, schedule->anyhow ? "crash" : "skip");
        write_reboot(text, schedule);
}

static void write_retain(struct text *text, const struct fleet_schedule *schedule)
{
        const char *comma = "";

        if (!schedule->has_retain)
                return;
        text_append(text, "    retain: {");
        for (enum retain_rule rule = RETAIN_LAST; rule < RETAIN_RULES; rule++) {
                if (!schedule->retain.keep[rule])
                        continue;
                text_printf(text, "%s%s: %u", comma, retain_rule_names[rule],
                            schedule->retain.keep[rule]);
                comma = ", ";
        }
        if (schedule->retain.within)
                text_printf(text, "%swithin: %dd", comma,
                            (int)(schedule->retain.within / SEC_PER_DAY));
        if (schedule->require != REQUIRE_NONE)
                text_printf(text, ", require: %s",
                            consistency_name(schedule->require - REQUIRE_CRASH));
        text_append(text, "}\n");
}

char *fleet_retain_text(const struct fleet_schedule *schedule)
{
        _cleanup_(text_done) struct text text = {};

        write_retain(&text, schedule);
        return text_steal(&text);
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
        write_level(text, schedule);
        write_retain(text, schedule);
}

static struct settings *parse_settings(const char *yaml)
{
        _cleanup_(text_done) struct text messages = {};
        struct settings *settings = NULL;

        if (settings_parse("sim.yaml", yaml, strlen(yaml), &settings, &messages) < 0) {
                fprintf(stderr, "%s%s", yaml, text_get(&messages));
                abort();
        }
        return settings;
}

struct settings *fleet_settings(struct fleet *fleet)
{
        _cleanup_(text_done) struct text text = {};

        if (fleet->settings)
                return fleet->settings;
        text_append(&text, "version: 1\nowner: sim\naccounts:\n  default:\n    regions: [");
        for (size_t i = 0; i < fleet->n_regions; i++)
                text_printf(&text, "%s%s", i ? ", " : "", fleet->regions[i]);
        text_append(&text, "]\n");
        if (fleet->role)
                text_append(&text, "    role_arn: " FLEET_ROLE "\n    external_id: sim\n");
        text_append(&text, "schedules:\n");
        if (!fleet_schedules_there(fleet))
                text_append(&text, "  {}\n");
        for (size_t i = 0; i < fleet->n_schedules; i++)
                if (fleet->schedules[i].there)
                        write_schedule(&text, &fleet->schedules[i]);
        fleet->settings = parse_settings(text_get(&text));
        return fleet->settings;
}

void fleet_done(struct fleet *fleet)
{
        fleet->settings = settings_unref(fleet->settings);
}

/* ---- instances ---- */

void fleet_launch(struct fleet *fleet, struct cloud *cloud)
{
        for (size_t i = 0; i < fleet->n_regions; i++) {
                _cleanup_free_ char *text =
                        xasprintf("{\"count\": %zu, \"region\": \"%s\", \"agent\": true,"
                                  " \"target-group\": \"web\",%s"
                                  " \"volumes\": [%d, %d],"
                                  " \"tags\": {\"Name\": \"%s-{n}\", \"Group\": [\"g0\", \"g1\","
                                  " \"g2\", \"g0\"], \"Role\": [\"web\", \"db\"]}}",
                                  fleet->n_instances, fleet->regions[i],
                                  fleet->scaling ? " \"auto-scaling-group\": \"web\"," : "",
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
