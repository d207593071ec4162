/* Images at every level of consistency: auto, what a reboot achieves, and that no instance stays
 * down. */
#include "unit/runs/levels.h"

/* ---- wherever the daemon dies ---- */

static void crash_at_every_commit(const char *level, const char *more, bool before)
{
        _cleanup_free_ char *yaml =
                xasprintf(HEAD "    missed: {run: all, within: 6h}\n    end: 2026-03-02T03:00:00\n"
                               "    consistency: %s\n%s",
                          level, more);
        bool died = true;

        for (unsigned int n = 1; died; n++) {
                for (usec_t pause = 5 * USEC_PER_SEC; pause <= MINUTES(5);
                     pause += MINUTES(5) - 5 * USEC_PER_SEC) {
                        _cleanup_free_ char *where = xasprintf("%s, %s commit %u", level,
                                                               before ? "before" : "after", n);
                        struct world world;

                        world_setup(&world, yaml, 2);
                        died = world_cut(&world, n, before, pause);
                        expect_all_up(&world, where);
                        expect_true_consistency(&world, where);
                        if (world_run(&world, RUN, NULL) != OUTCOME_DONE ||
                            world.model.n_images != 2)
                                fail_msg("%s: %s, %zu images", where,
                                         outcome_names[world_run(&world, RUN, NULL)],
                                         world.model.n_images);
                        for (size_t i = 0; i < 2; i++)
                                assert_true(world.model.instances[i]->outages <= 1);
                        world_done(&world);
                }
        }
}

static void a_crash_at_any_commit_leaves_no_instance_down(void **state)
{
        _cleanup_free_ char *freeze = xasprintf(FREEZE, "");

        (void)state;
        for (int before = 0; before < 2; before++) {
                crash_at_every_commit("stop", "", before);
                crash_at_every_commit("freeze", freeze, before);
                crash_at_every_commit("reboot", "    reboot: {proof: ssm}\n", before);
        }
}

/* ---- auto ---- */

static void auto_reboots_once_in_reboot_max_age(void **state)
{
        static const char *const achieved[] = {
                ACHIEVED_REBOOT_FORCED, ACHIEVED_FROZEN, ACHIEVED_FROZEN,
                ACHIEVED_REBOOT_FORCED, ACHIEVED_FROZEN,
        };
        _cleanup_free_ char *yaml =
                xasprintf(HEAD "    consistency: auto\n    reboot_max_age: 3d\n" FREEZE, "");
        struct world world;

        (void)state;
        world_setup(&world, yaml, 1);
        virtual_run_until(world.loop, at("2026-03-06T12:00:00Z"));
        assert_int_equal(world.model.n_images, 5);
        for (size_t i = 0; i < 5; i++)
                if (!streq(world_consistency(&world, i), achieved[i]))
                        fail_msg("image %zu: %s", i, world_consistency(&world, i));
        assert_int_equal(world.model.instances[0]->outages, 2);
        /* one that is stopped is as good as rebooted */
        world.model.instances[0]->state = INSTANCE_STOPPED;
        virtual_run_until(world.loop, at("2026-03-08T12:00:00Z"));
        assert_string_equal(world_consistency(&world, 6), ACHIEVED_STOPPED);
        world.model.instances[0]->state = INSTANCE_RUNNING;
        virtual_run_until(world.loop, at("2026-03-10T12:00:00Z"));
        assert_string_equal(world_consistency(&world, 8), ACHIEVED_FROZEN);
        assert_int_equal(world.model.instances[0]->outages, 2);
        world_done(&world);
}

/* A copy of an image has its tags and no source instance, and anybody can edit a tag: for `auto`
 * an image counts as a reboot only if EC2 has made it of the instance, at the time by EC2's
 * clock. */
static void auto_counts_no_reboot_by_tags_alone(void **state)
{
        static const struct {
                const char *name, *instance, *time;
                unsigned int outages;
        } rows[] = {
                { "an image of ours", "i-1", "2026-03-02T00:30:00Z", 0 },
                { "a copy", NULL, "2026-03-02T00:30:00Z", 1 },
                { "of another instance", "i-2", "2026-03-02T00:30:00Z", 1 },
                { "with a time to come", "i-1", "2099-03-02T00:30:00Z", 0 },
        };
        _cleanup_free_ char *yaml =
                xasprintf(HEAD "    consistency: auto\n    reboot_max_age: 3d\n" FREEZE, "");

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct model_image *image;
                struct world world;

                world_setup(&world, yaml, 1);
                virtual_run_until(world.loop, at("2026-03-02T00:30:00Z"));
                image = model_add_image(&world.model, "eu-west-1", "some image");
                xreplace(&image->instance, rows[i].instance);
                model_set_tag(&image->tags, &image->n_tags, TAG_OWNER, "amid");
                model_set_tag(&image->tags, &image->n_tags, TAG_METHOD, "reboot");
                model_set_tag(&image->tags, &image->n_tags, TAG_INSTANCE, "i-1");
                model_set_tag(&image->tags, &image->n_tags, TAG_TIME, rows[i].time);
                virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
                if (world.model.instances[0]->outages != rows[i].outages)
                        fail_msg("%s: %u", rows[i].name, world.model.instances[0]->outages);
                /* and the time to come does not hold up reboots for ever */
                virtual_run_until(world.loop, at("2026-03-06T12:00:00Z"));
                if (!world.model.instances[0]->outages)
                        fail_msg("%s: no reboot at all", rows[i].name);
                world_done(&world);
        }
}

/* ---- proof, and what comes of too little of it ---- */

static void a_reboot_achieves_what_its_proof_shows(void **state)
{
        static const struct {
                const char *name;
                const char *reboot;
                usec_t stale, back;
                const char *clean; /* NULL: no agent */
                const char *consistency;
        } rows[] = {
                { .name = "back soon",
                  .reboot = "",
                  .stale = 50,
                  .back = 120,
                  .clean = "yes",
                  .consistency = ACHIEVED_REBOOT_CLEAN },
                { .name = "back late",
                  .reboot = "",
                  .stale = 50,
                  .back = 300,
                  .clean = "yes",
                  .consistency = ACHIEVED_REBOOT_FORCED },
                { .name = "never seen down",
                  .reboot = "",
                  .stale = 100,
                  .back = 100,
                  .clean = "yes",
                  .consistency = ACHIEVED_CRASH },
                { .name = "clean by its log",
                  .reboot = "proof: ssm",
                  .stale = 50,
                  .back = 300,
                  .clean = "yes",
                  .consistency = ACHIEVED_REBOOT_CLEAN },
                { .name = "not clean by its log",
                  .reboot = "proof: ssm",
                  .stale = 50,
                  .back = 120,
                  .clean = "no",
                  .consistency = ACHIEVED_REBOOT_FORCED },
                { .name = "no log, back soon",
                  .reboot = "proof: ssm",
                  .stale = 50,
                  .back = 120,
                  .clean = "unknown",
                  .consistency = ACHIEVED_REBOOT_CLEAN },
                { .name = "no log, back late",
                  .reboot = "proof: ssm",
                  .stale = 50,
                  .back = 300,
                  .clean = "unknown",
                  .consistency = ACHIEVED_REBOOT_FORCED },
                { .name = "another boot id",
                  .reboot = "proof: ssm",
                  .stale = 100,
                  .back = 100,
                  .clean = "yes",
                  .consistency = ACHIEVED_REBOOT_CLEAN },
                { .name = "no agent",
                  .reboot = "proof: ssm",
                  .stale = 50,
                  .back = 120,
                  .consistency = ACHIEVED_REBOOT_CLEAN },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml = xasprintf(
                        HEAD "    consistency: reboot\n    reboot: {%s}\n", rows[i].reboot);
                struct model_instance *instance;
                struct world world;

                instance = world_setup(&world, yaml, 1);
                instance->stale = rows[i].stale * USEC_PER_SEC;
                instance->back = rows[i].back * USEC_PER_SEC;
                instance->clean = rows[i].clean;
                instance->no_agent = !rows[i].clean;
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                if (!streq(world_consistency(&world, 0), rows[i].consistency))
                        fail_msg("%s: %s", rows[i].name, world_consistency(&world, 0));
                assert_int_equal(captured_events(&events[EVENT_SHORTFALL]),
                                 !streq(rows[i].consistency, ACHIEVED_REBOOT_CLEAN));
                assert_int_equal(instance->outages, 1);
                world_done(&world);
        }
}

static void a_shortfall_fails_the_task_and_keeps_the_image(void **state)
{
        _cleanup_free_ char *detail = NULL;
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: reboot\n    on_shortfall: fail\n", 1)->back =
                MINUTES(10);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", &detail), OUTCOME_FAILED);
        assert_true(detail && strstr(detail, "worth reboot-forced, not reboot"));
        assert_int_equal(world_images(&world, NULL), 1); /* it is kept all the same */
        assert_int_equal(captured_events(&events[EVENT_SHORTFALL]), 1);
        assert_int_equal(captured_events(&events[EVENT_IMAGE_FAILED]), 0);
        world_done(&world);
}

/* ---- the end of the daemon ---- */

static void on_closed(void *userdata)
{
        *(bool *)userdata = true;
}

/* amid closes while an instance is down: it restores the instance, and begins nothing else. */
static void closing_restores_what_is_down_and_begins_nothing(void **state)
{
        static const struct {
                int line;
                const char *level;
                const char *when;
                bool at_once;
        } rows[] = {
                { __LINE__, "stop", "2026-03-02T01:00:10Z", false },
                { __LINE__, "stop", "2026-03-02T01:00:40Z", false },
                { __LINE__, "freeze", "2026-03-02T01:00:03Z", false },
                { __LINE__, "freeze", "2026-03-02T01:00:06Z", false },
                { __LINE__, "reboot", "2026-03-02T01:01:00Z", true },
                { __LINE__, "stop", "2026-03-02T00:59:00Z", true },
        };
        _cleanup_free_ char *freeze = xasprintf(FREEZE, "");

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD
                                  "    missed: {run: all, within: 6h}\n    consistency: %s\n%s",
                                  rows[i].level, streq(rows[i].level, "freeze") ? freeze : "");
                struct world world;
                bool closed = false;

                world_setup(&world, yaml, 3);
                virtual_run_until(world.loop, at(rows[i].when));
                if (manager_close(world.manager, on_closed, &closed) != rows[i].at_once)
                        fail_msg("line %d: not at once, or at once", rows[i].line);
                virtual_run_for(world.loop, MINUTES(6));
                assert_int_equal(closed, !rows[i].at_once);
                assert_true(world.model.n_images <= (streq(rows[i].level, "freeze") ? 3 : 1));
                world_end(&world, true);
                if (!rows[i].at_once)
                        expect_all_up(&world, rows[i].level);
                world_start(&world);
                virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                assert_int_equal(world.model.n_images, 3);
                expect_all_up(&world, rows[i].level);
                world_done(&world);
        }
}

/* The instance cannot be restored: a line names it, and the next start restores it. */
static void closing_in_vain_names_the_instance_for_the_next_start(void **state)
{
        struct world world;
        bool closed = false;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n", 2)->stopping = MINUTES(10);
        virtual_run_until(world.loop, at("2026-03-02T01:00:10Z"));
        assert_false(manager_close(world.manager, on_closed, &closed));
        virtual_run_for(world.loop, (MANAGER_CLOSE_AT_MOST + 1) * USEC_PER_SEC);
        assert_true(closed);
        assert_int_equal(captured_events(&events[EVENT_LEFT_DOWN]), 1);
        world_end(&world, true);
        world_start(&world);
        virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        expect_all_up(&world, "given up");
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_crash_at_any_commit_leaves_no_instance_down),
                cmocka_unit_test(auto_reboots_once_in_reboot_max_age),
                cmocka_unit_test(auto_counts_no_reboot_by_tags_alone),
                cmocka_unit_test(a_reboot_achieves_what_its_proof_shows),
                cmocka_unit_test(a_shortfall_fails_the_task_and_keeps_the_image),
                cmocka_unit_test(closing_restores_what_is_down_and_begins_nothing),
                cmocka_unit_test(closing_in_vain_names_the_instance_for_the_next_start),
        };

        return cmocka_run_group_tests_name("levels", tests, NULL, NULL);
}
