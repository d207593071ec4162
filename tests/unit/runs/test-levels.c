/* How images are made: stop, freeze, auto; what is proven by it, and that nobody is left down. */
#include "world.h"

#define HEAD                                                                                       \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n  s:\n"             \
        "    schedule: cron(0 1 * * ? *)\n    targets: {tags: {A: b}}\n"
#define FREEZE "    freeze: {before: [a], after: [b]%s}\n"
#define RUN    "s.20260302T010000Z"

/* The place of the first call of an action in what was sent; fails when there is none. */
static size_t place_of(const struct world *world, const char *action)
{
        for (size_t i = 0; i < world->aws.n_calls; i++)
                if (streq(world->aws.calls[i].action, action))
                        return i;
        fail_msg("%s was not sent", action);
        return 0;
}

/* Everybody runs, and nobody is frozen. */
static void expect_all_up(struct world *world, const char *where)
{
        for (size_t i = 0; i < world->model.n_instances; i++) {
                struct model_instance *instance = world->model.instances[i];

                if (model_state(&world->model, instance) != INSTANCE_RUNNING)
                        fail_msg("%s: %s is %s", where, instance->id,
                                 instance_state_names[instance->state]);
                if (model_is_frozen(&world->model, instance))
                        fail_msg("%s: %s is frozen", where, instance->id);
        }
}

/* What a label says is true of the moment the image was made. */
static void expect_true_labels(struct world *world, const char *where)
{
        for (size_t i = 0; i < world->model.n_images; i++) {
                const struct model_image *image = world->model.images[i];
                const struct model_instance *instance =
                        model_find_instance(&world->model, image->instance);
                _cleanup_free_ char *thawed = NULL;

                if (streq(world_label(world, i), PROVEN_STOPPED) && !image->was_stopped)
                        fail_msg("%s: %s was not stopped", where, image->id);
                if (!streq(world_label(world, i), PROVEN_FROZEN))
                        continue;
                thawed = xasprintf("%s amid", image->thaws_with);
                if (!image->was_frozen || !streq(instance->thawed, thawed))
                        fail_msg("%s: %s was not frozen, or not to the end", where, image->id);
        }
}

/* ---- stop ---- */

static void test_stop(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n", 3);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.most_down, 0); /* nobody was rebooted besides */
        for (size_t i = 0; i < 3; i++) {
                assert_string_equal(world_label(&world, i), PROVEN_STOPPED);
                assert_true(world.model.images[i]->was_stopped);
                assert_int_equal(world.model.instances[i]->outages, 1);
        }
        assert_true(place_of(&world, "StopInstances") < place_of(&world, "CreateImage"));
        assert_true(place_of(&world, "CreateImage") < place_of(&world, "StartInstances"));
        assert_int_equal(scripted_count(&world.aws, "StartInstances", NULL), 3);
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_STARTED]), 3);
        assert_int_equal(captured_events(&events[EVENT_SHORTFALL]), 0);
        expect_all_up(&world, "stop");
        world_done(&world);
}

/* Who was stopped before stays so, and who would lose something is not stopped. */
static void test_stop_refused(void **state)
{
        static const struct {
                int line;
                const char *stop, *lifecycle, *address, *tag, *why;
                bool disks;
        } rows[] = {
                { __LINE__, "", "spot", NULL, NULL, "spot", false },
                { __LINE__, "stop: {allow: spot}", "spot", NULL, NULL, NULL, false },
                { __LINE__, "", NULL, "198.51.100.7", NULL, "public address", false },
                { __LINE__, "stop: {allow: [public-address]}", NULL, "198.51.100.7", NULL, NULL,
                  false },
                { __LINE__, "", NULL, NULL, NULL, "instance store", true },
                { __LINE__, "stop: {allow: [instance-store]}", NULL, NULL, NULL, NULL, true },
                { __LINE__, "", NULL, NULL, TAG_AUTO_SCALING, "Auto Scaling", false },
                { __LINE__, "stop: {allow: [auto-scaling]}", NULL, NULL, TAG_AUTO_SCALING, NULL,
                  false },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD "    consistency: stop\n    %s\n", rows[i].stop);
                _cleanup_free_ char *detail = NULL;
                struct model_instance *first;
                struct world world;

                first = world_setup(&world, yaml, 2);
                first->lifecycle = xstrdup(rows[i].lifecycle);
                first->address = xstrdup(rows[i].address);
                first->type = xstrdup("m6id.large");
                first->has_disks = rows[i].disks;
                if (rows[i].tag)
                        model_set_tag(&first->tags, &first->n_tags, rows[i].tag, "web");
                world.model.instances[1]->state = INSTANCE_STOPPED;
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                if ((world_task(&world, RUN, "i-1", &detail) == OUTCOME_DONE) != !rows[i].why ||
                    (rows[i].why && !strstr(detail, rows[i].why)))
                        fail_msg("line %d: %s", rows[i].line, detail);
                assert_int_equal(first->outages, !rows[i].why);
                assert_int_equal(world_task(&world, RUN, "i-2", NULL), OUTCOME_DONE);
                assert_int_equal(world.model.instances[1]->state, INSTANCE_STOPPED);
                assert_int_equal(model_state(&world.model, first), INSTANCE_RUNNING);
                world_done(&world);
        }
}

/* It is started again whatever goes wrong, and each attempt that AWS refuses is a line. */
static void test_stop_troubles(void **state)
{
        static const struct {
                int line;
                struct scripted_fault fault;
                enum outcome outcome;
                size_t images, lines;
        } rows[] = {
                { __LINE__,
                  { .action = "StartInstances",
                    .times = 5,
                    .outcome = AWS_ERROR,
                    .code = "InsufficientInstanceCapacity" },
                  OUTCOME_DONE,
                  1,
                  5 },
                { __LINE__,
                  { .action = "StartInstances",
                    .times = 5,
                    .outcome = AWS_ERROR,
                    .code = "Unheard" },
                  OUTCOME_DONE,
                  1,
                  5 },
                { __LINE__,
                  { .action = "StartInstances", .times = 5, .outcome = AWS_UNREACHABLE },
                  OUTCOME_DONE,
                  1,
                  5 },
                { __LINE__,
                  { .action = "StopInstances", .times = 5, .outcome = AWS_UNREACHABLE },
                  OUTCOME_DONE,
                  1,
                  0 },
                { __LINE__,
                  { .action = "StopInstances",
                    .outcome = AWS_ERROR,
                    .code = "UnsupportedOperation" },
                  OUTCOME_FAILED,
                  0,
                  0 },
                { __LINE__,
                  { .action = "CreateImage",
                    .times = SCRIPTED_ALWAYS,
                    .outcome = AWS_ERROR,
                    .code = "UnauthorizedOperation" },
                  OUTCOME_FAILED,
                  0,
                  0 },
                { __LINE__,
                  { .action = "CreateImage",
                    .times = 5,
                    .outcome = AWS_ERROR,
                    .code = "ResourceLimitExceeded" },
                  OUTCOME_DONE,
                  1,
                  0 },
                { __LINE__,
                  { .action = "CreateImage",
                    .times = SCRIPTED_ALWAYS,
                    .outcome = AWS_ERROR,
                    .code = "ResourceLimitExceeded" },
                  OUTCOME_FAILED,
                  0,
                  0 },
                { __LINE__,
                  { .action = "CreateImage",
                    .times = SCRIPTED_ALWAYS,
                    .outcome = AWS_ERROR,
                    .code = "IncorrectState" },
                  OUTCOME_FAILED,
                  0,
                  0 },
                { __LINE__,
                  { .action = "CreateImage", .outcome = AWS_UNKNOWN, .effect = true },
                  OUTCOME_DONE,
                  1,
                  0 },
                { __LINE__,
                  { .action = "CreateImage", .times = SCRIPTED_ALWAYS, .outcome = AWS_UNREACHABLE },
                  OUTCOME_FAILED,
                  0,
                  0 },
                { __LINE__,
                  { .action = "DescribeSnapshots",
                    .times = 3,
                    .outcome = AWS_ERROR,
                    .code = "UnauthorizedOperation" },
                  OUTCOME_DONE,
                  1,
                  0 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *where = xasprintf("line %d", rows[i].line);
                struct world world;

                world_setup(&world, HEAD "    consistency: stop\n", 1);
                scripted_fault(&world.aws, rows[i].fault);
                virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
                expect_all_up(&world, where);
                expect_true_labels(&world, where);
                if (world_run(&world, RUN, NULL) != rows[i].outcome ||
                    world_images(&world, NULL) != rows[i].images ||
                    captured_events(&events[EVENT_START_REFUSED]) != rows[i].lines)
                        fail_msg("%s: %s, %zu images, %zu lines", where,
                                 outcome_names[world_run(&world, RUN, NULL)],
                                 world_images(&world, NULL),
                                 captured_events(&events[EVENT_START_REFUSED]));
                world_done(&world);
        }
}

/* One that does not stop in time, or is gone meanwhile, ends the waiting, not the care. */
static void test_stop_that_hangs(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n    reboot: {ready_timeout: 5m}\n", 1)
                ->stopping = MINUTES(30);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_FAILED);
        assert_int_equal(world_images(&world, NULL), 0);
        expect_all_up(&world, "hangs");
        world_done(&world);

        world_setup(&world, HEAD "    consistency: stop\n", 1)->stopping = MINUTES(5);
        virtual_run_until(world.loop, at("2026-03-02T01:02:00Z"));
        world.model.instances[0]->state = INSTANCE_TERMINATED;
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_FAILED);
        assert_int_equal(virtual_armed(world.loop), 1);
        world_done(&world);
}

/* It was stopped for its image, and somebody starts it before EC2 takes the call: it is stopped
 * again or given up, and no image is labelled for what it was before. */
static void test_started_by_somebody(void **state)
{
        static const struct {
                int line;
                bool restart;
                struct scripted_fault fault;
        } rows[] = {
                { __LINE__,
                  false,
                  { .action = "CreateImage",
                    .times = 4,
                    .outcome = AWS_ERROR,
                    .code = "PendingSnapshotLimitExceeded" } },
                { __LINE__, false, { .action = "CreateImage", .outcome = AWS_UNKNOWN } },
                { __LINE__, true, { .action = "CreateImage", .outcome = AWS_UNKNOWN } },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *where = xasprintf("line %d", rows[i].line);
                struct world world;

                world_setup(&world, HEAD "    consistency: stop\n", 1);
                scripted_fault(&world.aws, rows[i].fault);
                while (!scripted_count(&world.aws, "CreateImage", NULL))
                        assert_true(virtual_step(world.loop, USEC_INFINITY - 1));
                virtual_run_for(world.loop, 2 * USEC_PER_SEC);
                assert_int_equal(world.model.instances[0]->state, INSTANCE_STOPPED);
                world.model.instances[0]->state = INSTANCE_RUNNING;
                if (rows[i].restart) {
                        world_end(&world, false);
                        world_start(&world);
                }
                virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
                expect_all_up(&world, where);
                expect_true_labels(&world, where);
                assert_int_equal(world_images(&world, NULL), 1);
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                world_done(&world);
        }
}

/* It was started before all of its snapshots were seen to have begun, and did not come back: its
 * image is labelled for what is known all the same. */
static void test_label_of_one_that_failed(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n    reboot: {ready_timeout: 20m}\n", 1);
        world.model.takes = HOURS(1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeSnapshots",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "InternalError" });
        virtual_run_until(world.loop, at("2026-03-02T01:10:00Z"));
        assert_string_equal(world_label(&world, 0), PROVEN_STOPPED);
        world.model.instances[0]->back = USEC_INFINITY;
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        scripted_no_faults(&world.aws);
        virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
        assert_string_equal(world_label(&world, 0), PROVEN_CRASH);
        world_done(&world);
}

/* An account with no room for another image, for days: it is told, and nobody is stopped for that
 * longer than it may take to come back. */
static void test_no_room(void **state)
{
        static const struct {
                int line;
                const char *consistency;
                unsigned int outage; /* minutes at most; 0: none */
                enum outcome outcome;
        } rows[] = {
                { __LINE__, "stop\n    reboot: {ready_timeout: 10m}\n", 16, OUTCOME_FAILED },
                { __LINE__, "reboot\n", 0, OUTCOME_OPEN },
                { __LINE__, "crash\n", 0, OUTCOME_OPEN },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD "    consistency: %s", rows[i].consistency);
                struct world world;

                world_setup(&world, yaml, 1);
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = "CreateImage",
                                                        .times = SCRIPTED_ALWAYS,
                                                        .outcome = AWS_ERROR,
                                                        .code = "ResourceLimitExceeded" });
                virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
                virtual_run_for(world.loop, MINUTES(rows[i].outage));
                expect_all_up(&world, rows[i].consistency);
                virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
                if (world_run(&world, RUN, NULL) != rows[i].outcome)
                        fail_msg("line %d: %s", rows[i].line,
                                 outcome_names[world_run(&world, RUN, NULL)]);
                assert_in_range(captured_events(&events[EVENT_IMAGE_REFUSED]),
                                rows[i].outage ? 1 : 5, rows[i].outage ? 1 : 7);
                /* at most every five minutes: it is not worth more */
                assert_true(scripted_count(&world.aws, "CreateImage", NULL) < 5 * 12 + 12);
                world_done(&world);
        }
}

/* ---- freeze ---- */

static void test_freeze(void **state)
{
        _cleanup_free_ char *yaml = xasprintf(HEAD "    consistency: freeze\n" FREEZE, "");
        struct world world;

        (void)state;
        world_setup(&world, yaml, 2);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        for (size_t i = 0; i < 2; i++) {
                assert_string_equal(world_label(&world, i), PROVEN_FROZEN);
                assert_int_equal(world.model.instances[i]->outages, 0);
        }
        expect_true_labels(&world, "freeze");
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_FROZEN]), 2);
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_THAWED]), 2);
        world_done(&world);
}

static void test_freeze_troubles(void **state)
{
        static const struct {
                int line;
                const char *settings;
                struct scripted_fault fault;
                bool no_agent, cannot_freeze, cannot_thaw;
                enum outcome outcome;
                const char *label; /* NULL: no image */
                size_t shortfalls;
        } rows[] = {
                { __LINE__, "", {}, true, false, false, OUTCOME_FAILED, NULL, 0 },
                { __LINE__,
                  ", on_failure: crash",
                  {},
                  true,
                  false,
                  false,
                  OUTCOME_DONE,
                  PROVEN_CRASH,
                  1 },
                { __LINE__, "", {}, false, true, false, OUTCOME_FAILED, NULL, 0 },
                { __LINE__,
                  ", on_failure: crash",
                  {},
                  false,
                  true,
                  false,
                  OUTCOME_DONE,
                  PROVEN_CRASH,
                  1 },
                { __LINE__, "", {}, false, false, true, OUTCOME_DONE, PROVEN_CRASH, 1 },
                { __LINE__,
                  "",
                  { .action = "SendCommand", .outcome = AWS_UNKNOWN, .effect = true },
                  false,
                  false,
                  false,
                  OUTCOME_DONE,
                  PROVEN_FROZEN,
                  0 },
                { __LINE__,
                  "",
                  { .action = "SendCommand", .outcome = AWS_UNREACHABLE, .times = 40 },
                  false,
                  false,
                  false,
                  OUTCOME_FAILED,
                  NULL,
                  0 },
                { __LINE__,
                  "",
                  { .action = "SendCommand", .skip = 1, .outcome = AWS_UNREACHABLE, .times = 4 },
                  false,
                  false,
                  false,
                  OUTCOME_DONE,
                  PROVEN_FROZEN,
                  0 },
                { __LINE__,
                  "",
                  { .action = "SendCommand", .skip = 1, .outcome = AWS_UNREACHABLE, .times = 90 },
                  false,
                  false,
                  false,
                  OUTCOME_DONE,
                  PROVEN_CRASH,
                  1 },
                { __LINE__,
                  "",
                  { .action = "GetCommandInvocation",
                    .outcome = AWS_ERROR,
                    .code = "InvocationDoesNotExist",
                    .times = 3 },
                  false,
                  false,
                  false,
                  OUTCOME_DONE,
                  PROVEN_FROZEN,
                  0 },
                { __LINE__,
                  "",
                  { .action = "CreateImage", .outcome = AWS_UNKNOWN, .effect = true },
                  false,
                  false,
                  false,
                  OUTCOME_DONE,
                  PROVEN_FROZEN,
                  0 },
                { __LINE__,
                  "",
                  { .action = "CreateImage",
                    .outcome = AWS_ERROR,
                    .code = "ConcurrentSnapshotLimitExceeded",
                    .times = 4 },
                  false,
                  false,
                  false,
                  OUTCOME_DONE,
                  PROVEN_FROZEN,
                  0 },
                { __LINE__,
                  "",
                  { .action = "CreateImage",
                    .outcome = AWS_ERROR,
                    .times = SCRIPTED_ALWAYS,
                    .code = "ConcurrentSnapshotLimitExceeded" },
                  false,
                  false,
                  false,
                  OUTCOME_FAILED,
                  NULL,
                  0 },
                { __LINE__,
                  "",
                  { .action = "CreateImage",
                    .outcome = AWS_ERROR,
                    .code = "UnauthorizedOperation" },
                  false,
                  false,
                  false,
                  OUTCOME_FAILED,
                  NULL,
                  0 },
                { __LINE__,
                  "",
                  { .action = "DescribeSnapshots", .outcome = AWS_UNREACHABLE, .times = 60 },
                  false,
                  false,
                  false,
                  OUTCOME_DONE,
                  PROVEN_CRASH,
                  1 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *where = xasprintf("line %d", rows[i].line);
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD "    consistency: freeze\n" FREEZE, rows[i].settings);
                struct model_instance *instance;
                struct world world;

                instance = world_setup(&world, yaml, 1);
                instance->no_agent = rows[i].no_agent;
                instance->cannot_freeze = rows[i].cannot_freeze;
                instance->cannot_thaw = rows[i].cannot_thaw;
                if (rows[i].fault.action)
                        scripted_fault(&world.aws, rows[i].fault);
                virtual_run_until(world.loop, at("2026-03-02T20:00:00Z"));
                expect_all_up(&world, where);
                expect_true_labels(&world, where);
                if (world_run(&world, RUN, NULL) != rows[i].outcome ||
                    world_images(&world, NULL) != (rows[i].label != NULL) ||
                    (rows[i].label && !streq(world_label(&world, 0), rows[i].label)) ||
                    captured_events(&events[EVENT_SHORTFALL]) != rows[i].shortfalls)
                        fail_msg("%s: %s, %zu images, %s, %zu shortfalls", where,
                                 outcome_names[world_run(&world, RUN, NULL)],
                                 world_images(&world, NULL),
                                 world.model.n_images ? world_label(&world, 0) : "-",
                                 captured_events(&events[EVENT_SHORTFALL]));
                assert_int_equal(virtual_armed(world.loop), 1);
                world_done(&world);
        }
}

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
                        world.commits = 0;
                        world.die_at = n;
                        world.die_before = before;
                        virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
                        died = world.dead;
                        if (died) {
                                world_end(&world, false);
                                virtual_run_for(world.loop, pause);
                                world_start(&world);
                                virtual_run_until(world.loop, at("2026-03-02T08:00:00Z"));
                        }
                        expect_all_up(&world, where);
                        expect_true_labels(&world, where);
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

static void test_crash_at_every_commit(void **state)
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

static void test_auto(void **state)
{
        static const char *const labels[] = {
                PROVEN_REBOOT_FORCED, PROVEN_FROZEN, PROVEN_FROZEN,
                PROVEN_REBOOT_FORCED, PROVEN_FROZEN,
        };
        _cleanup_free_ char *yaml =
                xasprintf(HEAD "    consistency: auto\n    reboot_max_age: 3d\n" FREEZE, "");
        struct world world;

        (void)state;
        world_setup(&world, yaml, 1);
        virtual_run_until(world.loop, at("2026-03-06T12:00:00Z"));
        assert_int_equal(world.model.n_images, 5);
        for (size_t i = 0; i < 5; i++)
                if (!streq(world_label(&world, i), labels[i]))
                        fail_msg("image %zu: %s", i, world_label(&world, i));
        assert_int_equal(world.model.instances[0]->outages, 2);
        /* one that is stopped is as good as rebooted */
        world.model.instances[0]->state = INSTANCE_STOPPED;
        virtual_run_until(world.loop, at("2026-03-08T12:00:00Z"));
        assert_string_equal(world_label(&world, 6), PROVEN_STOPPED);
        world.model.instances[0]->state = INSTANCE_RUNNING;
        virtual_run_until(world.loop, at("2026-03-10T12:00:00Z"));
        assert_string_equal(world_label(&world, 8), PROVEN_FROZEN);
        assert_int_equal(world.model.instances[0]->outages, 2);
        world_done(&world);
}

/* ---- proof, and what comes of too little of it ---- */

static void test_proof(void **state)
{
        static const struct {
                int line;
                const char *reboot;
                usec_t stale, back;
                const char *clean; /* NULL: no agent */
                const char *label;
        } rows[] = {
                { __LINE__, "", 50, 120, "yes", PROVEN_REBOOT_CLEAN },
                { __LINE__, "", 50, 300, "yes", PROVEN_REBOOT_FORCED },
                { __LINE__, "", 100, 100, "yes", PROVEN_CRASH },
                { __LINE__, "proof: ssm", 50, 300, "yes", PROVEN_REBOOT_CLEAN },
                { __LINE__, "proof: ssm", 50, 120, "no", PROVEN_REBOOT_FORCED },
                { __LINE__, "proof: ssm", 50, 120, "unknown", PROVEN_REBOOT_CLEAN },
                { __LINE__, "proof: ssm", 50, 300, "unknown", PROVEN_REBOOT_FORCED },
                { __LINE__, "proof: ssm", 100, 100, "yes", PROVEN_REBOOT_CLEAN },
                { __LINE__, "proof: ssm", 50, 120, NULL, PROVEN_REBOOT_CLEAN },
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
                if (!streq(world_label(&world, 0), rows[i].label))
                        fail_msg("line %d: %s", rows[i].line, world_label(&world, 0));
                assert_int_equal(captured_events(&events[EVENT_SHORTFALL]),
                                 !streq(rows[i].label, PROVEN_REBOOT_CLEAN));
                assert_int_equal(instance->outages, 1);
                world_done(&world);
        }
}

static void test_on_shortfall_fail(void **state)
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

/* It is told to end while somebody is down: it brings them back, and begins nothing else. */
static void test_close(void **state)
{
        static const struct {
                int line;
                const char *level;
                const char *when;
                bool at_once;
        } rows[] = {
                { __LINE__, "stop", "2026-03-02T01:00:10Z", false },
                { __LINE__, "stop", "2026-03-02T01:00:40Z", false },
                { __LINE__, "freeze", "2026-03-02T01:00:01Z", false },
                { __LINE__, "freeze", "2026-03-02T01:00:04Z", false },
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

/* It cannot: the line says who is left, and the next start goes on with it. */
static void test_close_gives_up(void **state)
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
                cmocka_unit_test(test_stop),
                cmocka_unit_test(test_stop_refused),
                cmocka_unit_test(test_stop_troubles),
                cmocka_unit_test(test_stop_that_hangs),
                cmocka_unit_test(test_started_by_somebody),
                cmocka_unit_test(test_label_of_one_that_failed),
                cmocka_unit_test(test_no_room),
                cmocka_unit_test(test_freeze),
                cmocka_unit_test(test_freeze_troubles),
                cmocka_unit_test(test_crash_at_every_commit),
                cmocka_unit_test(test_auto),
                cmocka_unit_test(test_proof),
                cmocka_unit_test(test_on_shortfall_fail),
                cmocka_unit_test(test_close),
                cmocka_unit_test(test_close_gives_up),
        };

        return cmocka_run_group_tests_name("levels", tests, NULL, NULL);
}
