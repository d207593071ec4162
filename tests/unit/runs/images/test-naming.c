/* Names are pure functions; events have identities of their own; a plan changes nothing. */
#include "unit/runs/world.h"

#include "runs/images/naming.h"
#include "runs/manager/plan.h"

#define SETTINGS(last)                                                                             \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"                   \
        "  s:\n    schedule: cron(0 1-4 * * ? *)\n    targets: {tags: {A: b}}\n"                   \
        "    consistency: crash\n    retain: {last: " last "}\n"

static void a_run_id_has_schedule_kind_and_time(void **state)
{
        static const struct {
                int line;
                const char *kind, *schedule, *time, *id;
        } rows[] = {
                { __LINE__, "backup", "web", "2026-11-21T18:00:00Z", "web.20261121T180000Z" },
                { __LINE__, "prune", "web", "2026-11-21T18:00:00Z", "web.prune.20261121T180000Z" },
                { __LINE__, "prune", NULL, "2026-11-21T18:00:00Z", "prune.20261121T180000Z" },
                { __LINE__, "adopt", NULL, "1970-01-01T00:00:00Z", "adopt.19700101T000000Z" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *id = run_id(rows[i].kind, rows[i].schedule, at(rows[i].time));

                if (!streq(id, rows[i].id))
                        fail_msg("line %d: %s", rows[i].line, id);
        }
}

static void a_filter_takes_a_value_literally(void **state)
{
        struct name_filter filter;

        (void)state;
        name_filter_init(&filter, "tag:" TAG_OWNER, "a*b\\c?");
        assert_string_equal(filter.filter.name, "tag:amid:owner");
        assert_int_equal(filter.filter.n_values, 1);
        assert_string_equal(filter.filter.values[0], "a\\*b\\\\c\\?");
        name_filter_done(&filter);
}

static void the_snapshots_of_an_image_are_those_with_an_id(void **state)
{
        struct ec2_image_device devices[] = {
                { (char *)(uintptr_t) "/dev/a", (char *)(uintptr_t) "snap-1" },
                { (char *)(uintptr_t) "/dev/b", NULL }, /* an instance store */
                { (char *)(uintptr_t) "/dev/c", (char *)(uintptr_t) "" },
                { (char *)(uintptr_t) "/dev/d", (char *)(uintptr_t) "snap-2" },
        };
        struct ec2_image image = { .devices = devices, .n_devices = ELEMENTS(devices) };
        _cleanup_free_ char *some = image_snapshots(&image), *none = NULL;

        (void)state;
        assert_string_equal(some, "snap-1 snap-2");
        image.n_devices = 0;
        none = image_snapshots(&image);
        assert_string_equal(none, "");
}

struct heard {
        unsigned int instances, kept, removed;
        bool ended;
        enum outcome outcome;
};

static void hear(const struct run_event *event, void *userdata)
{
        struct heard *heard = userdata;

        if (event->decision) {
                heard->removed += event->decision->action == PRUNE_REMOVE;
                heard->kept += event->decision->action == PRUNE_KEEP;
        } else if (event->task && streq(event->task->kind, "image")) {
                heard->instances++;
        } else if (!event->task && event->run->outcome != OUTCOME_OPEN) {
                heard->ended = true;
                heard->outcome = event->run->outcome;
        }
}

/* A plan works without a store and without a daemon, by the tags alone. */
static void a_plan_needs_no_store(void **state)
{
        const char *all = SETTINGS("9"), *few = SETTINGS("1");
        struct planning *planning;
        struct heard heard = {};
        struct world world;

        (void)state;
        world_init(&world);
        model_add_instance(&world.model, "i-1", "eu-west-1", "A", "b");
        world_apply(&world, all);
        virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
        world_apply(&world, few);
        scripted_forget_calls(&world.aws);
        planning = planning_new(world.loop, &world.aws, world.settings, "s", hear, &heard);
        virtual_run_for(world.loop, MINUTES(1));
        planning_free(planning);
        assert_true(heard.ended);
        assert_int_equal(heard.outcome, OUTCOME_DONE);
        assert_int_equal(heard.instances, 1);
        assert_int_equal(heard.kept, 1);
        assert_int_equal(heard.removed, 2);
        for (size_t i = 0; i < world.aws.n_calls; i++)
                assert_non_null(startswith(world.aws.calls[i].action, "Describe"));
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_run_id_has_schedule_kind_and_time),
                cmocka_unit_test(a_filter_takes_a_value_literally),
                cmocka_unit_test(the_snapshots_of_an_image_are_those_with_an_id),
                cmocka_unit_test(a_plan_needs_no_store),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
