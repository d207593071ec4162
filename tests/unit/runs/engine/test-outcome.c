/* What a run ends as, by what its tasks came to: partial only where it made an image. */
#include "unit/runs/levels.h"

#define SETTINGS                                                                                   \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"                   \
        "  s:\n    schedule: cron(0 1 * * ? *)\n    retain: {last: 1}\n"                           \
        "    targets: {tags: {A: b}, expect: {min: 0}, impaired: skip}\n    consistency: reboot\n"

static void a_run_is_partial_only_where_it_made_an_image(void **state)
{
        static const struct {
                const char *name;
                unsigned int instances, impaired;
                const char *refused; /* of which CreateImage is refused; NULL: none, "": all */
                bool cancelled;
                size_t images;
                enum outcome outcome;
        } rows[] = {
                { .name = "all made", .instances = 2, .images = 2, .outcome = OUTCOME_DONE },
                { .name = "one of two refused",
                  .instances = 2,
                  .refused = "i-1",
                  .images = 1,
                  .outcome = OUTCOME_PARTIAL },
                { .name = "all refused", .instances = 2, .refused = "", .outcome = OUTCOME_FAILED },
                { .name = "one skipped, the other refused",
                  .instances = 2,
                  .impaired = 1,
                  .refused = "i-2",
                  .outcome = OUTCOME_FAILED },
                { .name = "one of two skipped",
                  .instances = 2,
                  .impaired = 1,
                  .images = 1,
                  .outcome = OUTCOME_PARTIAL },
                { .name = "all skipped",
                  .instances = 2,
                  .impaired = 2,
                  .outcome = OUTCOME_SKIPPED },
                { .name = "no target, as expected", .outcome = OUTCOME_DONE },
                { .name = "cancelled before anything was made",
                  .instances = 2,
                  .cancelled = true,
                  .outcome = OUTCOME_CANCELLED },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *error = NULL;
                enum outcome outcome;
                struct world world;

                world_init(&world);
                for (unsigned int n = 1; n <= rows[i].instances; n++) {
                        _cleanup_free_ char *id = xasprintf("i-%u", n);
                        struct model_instance *instance =
                                model_add_instance(&world.model, id, "eu-west-1", "A", "b");

                        if (n <= rows[i].impaired) {
                                instance->impaired = at("2026-03-01T12:00:00Z");
                                instance->heals = at("2026-03-09T12:00:00Z");
                        }
                }
                world_apply(&world, SETTINGS);
                if (rows[i].refused)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "CreateImage",
                                                                .about = rows[i].refused,
                                                                .times = SCRIPTED_ALWAYS,
                                                                .outcome = AWS_ERROR,
                                                                .code = "UnauthorizedOperation" });
                virtual_run_until(world.loop, at("2026-03-02T01:00:00Z"));
                if (rows[i].cancelled)
                        assert_int_equal(manager_cancel(world.manager, RUN, false, &error), 0);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                outcome = world_run(&world, RUN, NULL);
                if (outcome != rows[i].outcome || world_images(&world, NULL) != rows[i].images)
                        fail_msg("%s: %s, %zu images", rows[i].name, outcome_names[outcome],
                                 world_images(&world, NULL));
                world_done(&world);
        }
}

/* An outcome keeps its name, and says what of it is not as asked for. */
static void a_run_logs_how_many_images_are_below_the_consistency_requested(void **state)
{
        static const struct {
                const char *name, *refused; /* of which SendCommand is refused; NULL: none */
                const char *image_refused;  /* of which CreateImage is, as well */
                enum outcome outcome;
                const char *detail;
        } rows[] = {
                { .name = "none", .outcome = OUTCOME_DONE, .detail = "" },
                { .name = "one of three",
                  .refused = "i-2",
                  .outcome = OUTCOME_DONE,
                  .detail = "1 of 3 images is below the consistency asked for" },
                { .name = "all",
                  .refused = "",
                  .outcome = OUTCOME_DONE,
                  .detail = "3 of 3 images are below the consistency asked for" },
                { .name = "one, and another is not made",
                  .refused = "i-2",
                  .image_refused = "i-1",
                  .outcome = OUTCOME_PARTIAL,
                  .detail = "1 of 2 images is below the consistency asked for" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD "    consistency: freeze\n" FREEZE, ", on_failure: crash");
                _cleanup_free_ char *detail = NULL, *task = NULL;
                struct scripted_fault fault = { .times = SCRIPTED_ALWAYS,
                                                .outcome = AWS_ERROR,
                                                .code = "AccessDenied" };
                enum outcome outcome;
                struct world world;

                world_setup(&world, yaml, 3);
                fault.action = "SendCommand";
                fault.about = rows[i].refused;
                if (rows[i].refused)
                        scripted_fault(&world.aws, fault);
                fault.action = "CreateImage";
                fault.about = rows[i].image_refused;
                if (rows[i].image_refused)
                        scripted_fault(&world.aws, fault);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                outcome = world_run(&world, RUN, &detail);
                if (outcome != rows[i].outcome || !endswith(detail, rows[i].detail) ||
                    (!*rows[i].detail && *detail))
                        fail_msg("%s: %s, %s", rows[i].name, outcome_names[outcome], detail);
                if (rows[i].refused) {
                        assert_int_equal(world_task(&world, RUN, "i-2", &task), OUTCOME_DONE);
                        assert_true(task && strstr(task, "worth crash, not freeze as asked for"));
                        assert_int_equal(captured_words(rows[i].detail), 1);
                }
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_run_is_partial_only_where_it_made_an_image),
                cmocka_unit_test(a_run_logs_how_many_images_are_below_the_consistency_requested),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
