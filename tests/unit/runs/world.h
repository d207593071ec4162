/*
 * A daemon's inside on virtual time: manager, settings and the real store in a directory of its
 * own, with a scripted EC2 behind. Include it in the one file of a test program.
 *
 *     It begins on 2026-03-01 at 23:59:30 UTC, half a minute before a Monday.
 */
#pragma once

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "captured-log.h"
#include "virtual-loop.h"

#include "model-ec2.h"

#include "runs/engine/engine.h"
#include "runs/images/method.h"
#include "runs/manager/manager.h"
#include "settings/settings.h"
#include "store/connection.h"

#define MINUTES(n) ((usec_t)(n)*60 * USEC_PER_SEC)
#define HOURS(n)   ((usec_t)(n)*3600 * USEC_PER_SEC)

struct world {
        struct loop *loop;
        struct aws aws;
        struct model model;
        char *directory;
        struct store *store;
        struct settings *settings;
        struct manager *manager;
        /* Commits of the store, and the one the process dies at (0: none): right behind it, or
         * right before it. */
        unsigned int commits, die_at;
        bool die_before;
        bool dead;
};

static inline sec_t at(const char *time)
{
        sec_t sec;

        if (!parse_rfc3339(time, &sec))
                fail_msg("not a time: %s", time);
        return sec;
}

static inline void world_open(struct world *world);

static inline void world_init(struct world *world)
{
        char shm[] = "/dev/shm/amid-runs-XXXXXX", tmp[] = "/tmp/amid-runs-XXXXXX";
        const char *directory = mkdtemp(shm);

        if (!directory)
                directory = mkdtemp(tmp);
        assert_non_null(directory);
        /* SQLite takes and frees 150 kB for each statement that RETURNs: they are kept from the
         * kernel, which costs more than all the rest otherwise. */
        mallopt(M_TRIM_THRESHOLD, 64 << 20);
        *world = (struct world){ .directory = xstrdup(directory) };
        loop_new(&world->loop);
        world->loop->wall_ahead = at("2026-03-01T23:59:30Z") * USEC_PER_SEC - world->loop->now;
        world->aws.loop = world->loop;
        world->aws.delay = 200 * USEC_PER_MSEC;
        world->aws.region = "eu-west-1";
        model_init(&world->model, &world->aws);
        captured_clear();
        world_open(world);
}

/* After the process dies within a callback, its requests are not sent, and nothing is committed. */
static inline int world_on_commit(void *userdata)
{
        struct world *world = userdata;

        if (world->dead)
                return 1;
        if (++world->commits != world->die_at)
                return 0;
        world->dead = true;
        world->aws.cut = true;
        loop_exit(world->loop, 0);
        return world->die_before;
}

static inline void world_open(struct world *world)
{
        _cleanup_free_ char *error = NULL;

        if (store_open(world->directory, &world->store, &error) < 0)
                fail_msg("%s", error);
        sqlite3_commit_hook(world->store->db, world_on_commit, world);
        world->manager = manager_new(world->loop, world->store, (struct aws *)&world->aws);
}

/* Makes these the settings; of a running manager: a reload. */
static inline void world_apply(struct world *world, const char *yaml)
{
        _cleanup_(text_done) struct text messages = {};
        struct settings *settings = NULL;

        if (settings_parse("test.yaml", yaml, strlen(yaml), &settings, &messages) < 0)
                fail_msg("%s", text_get(&messages));
        settings_unref(world->settings);
        world->settings = settings;
        manager_apply(world->manager, settings);
        virtual_run_for(world->loop, 0);
}

/* Goes on until one more call of an action is sent that carries `about` (NULL: any) among its
 * parameters; fails when none is sent for two days. */
static inline void world_run_until_sent(struct world *world, const char *action, const char *about)
{
        size_t before = scripted_count(&world->aws, action, about);
        usec_t end = loop_monotonic(world->loop) + HOURS(48);

        while (scripted_count(&world->aws, action, about) == before)
                if (!virtual_step(world->loop, end))
                        fail_msg("%s was not sent", action);
}

/* A new world with so many instances, i-1 and on, of tag A=b in eu-west-1, and these settings. The
 * first instance. */
static inline struct model_instance *world_setup(struct world *world, const char *yaml,
                                                 unsigned int instances)
{
        world_init(world);
        for (unsigned int i = 1; i <= instances; i++) {
                _cleanup_free_ char *id = xasprintf("i-%u", i);

                model_add_instance(&world->model, id, "eu-west-1", "A", "b");
        }
        world_apply(world, yaml);
        return world->model.instances[0];
}

/* The process ends, in order or not, and starts again with the same settings. */
static inline void world_end(struct world *world, bool in_order)
{
        if (in_order) {
                manager_stop(world->manager);
        } else {
                world->dead = true;
                world->aws.cut = true;
        }
        world->manager = manager_free(world->manager);
        world->store = store_close(world->store);
        world->dead = world->aws.cut = false;
        world->loop->exiting = false;
}

static inline void world_start(struct world *world)
{
        world_open(world);
        manager_apply(world->manager, world->settings);
        virtual_run_for(world->loop, 0);
}

/* Lets the process die at its nth commit, right before it or right behind it, start again `pause`
 * later, and come to the end of its run. False: it does not commit as often. */
static inline bool world_cut(struct world *world, unsigned int n, bool before, usec_t pause)
{
        world->commits = 0;
        world->die_at = n;
        world->die_before = before;
        virtual_run_until(world->loop, at("2026-03-02T06:00:00Z"));
        if (!world->dead) {
                assert_true(n > 20); /* a run was cut at all */
                return false;
        }
        world_end(world, false);
        virtual_run_for(world->loop, pause);
        world_start(world);
        virtual_run_until(world->loop, at("2026-03-02T08:00:00Z"));
        return true;
}

static inline void world_remove_state(struct world *world)
{
        static const char *const names[] = { "amid.db", "amid.db-wal", "amid.db-shm" };

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s", world->directory, names[i]);

                unlink(path);
        }
}

static inline void world_done(struct world *world)
{
        if (world->manager)
                world_end(world, true);
        settings_unref(world->settings);
        model_done(&world->model);
        scripted_done(&world->aws);
        loop_free(world->loop);
        world_remove_state(world);
        rmdir(world->directory);
        free(world->directory);
        captured_clear();
}

/* The state can be read, and no longer written; or again. */
static inline void world_protect(struct world *world, bool protect)
{
        sqlite3_exec(world->store->db,
                     protect ? "PRAGMA query_only = ON" : "PRAGMA query_only = OFF", NULL, NULL,
                     NULL);
}

/* EC2 shows the status of the first instance right before its outage, and none afterwards. */
static inline void world_hide_status(struct world *world)
{
        scripted_fault(&world->aws, (struct scripted_fault){ .action = "DescribeInstanceStatus",
                                                             .skip = 1,
                                                             .times = SCRIPTED_ALWAYS,
                                                             .outcome = AWS_ERROR,
                                                             .code = "UnauthorizedOperation" });
}

/* ---- what tests ask ---- */

/* Runs of a schedule (NULL: all) with this outcome (-1: any) and trigger (NULL: any). */
static inline size_t world_runs(struct world *world, const char *schedule, int outcome,
                                const char *trigger)
{
        struct store_run *runs;
        size_t n, found = 0;

        assert_int_equal(store_load_runs(world->store, schedule, false, 0, &runs, &n), 0);
        for (size_t i = 0; i < n; i++)
                found += (outcome < 0 || runs[i].outcome == (enum outcome)outcome) &&
                         (!trigger || streq(runs[i].trigger, trigger));
        store_runs_free(runs, n);
        return found;
}

/* The outcome of a run; fails when there is no such run. *ret_detail (caller frees) may be NULL. */
static inline enum outcome world_run(struct world *world, const char *id, char **ret_detail)
{
        struct store_run run;
        enum outcome outcome;

        if (store_load_run(world->store, id, &run) != 1)
                fail_msg("there is no run %s", id);
        outcome = run.outcome;
        if (ret_detail)
                *ret_detail = steal(run.detail);
        store_run_done(&run);
        return outcome;
}

/* Outcome, step and detail of the task about `subject` in a run. */
static inline enum outcome world_task(struct world *world, const char *run, const char *subject,
                                      char **ret_detail)
{
        struct store_task *tasks;
        size_t n;
        enum outcome outcome = OUTCOME_OPEN;
        bool found = false;

        assert_int_equal(store_load_tasks(world->store, run, &tasks, &n), 0);
        for (size_t i = 0; i < n && !found; i++) {
                if (!streq(tasks[i].subject, subject))
                        continue;
                outcome = tasks[i].outcome;
                if (ret_detail)
                        *ret_detail = steal(tasks[i].detail);
                found = true;
        }
        store_tasks_free(tasks, n);
        if (!found)
                fail_msg("run %s has no task about %s", run, subject);
        return outcome;
}

static inline size_t world_images(const struct world *world, const char *instance)
{
        size_t n = 0;

        for (size_t i = 0; i < world->model.n_images; i++)
                n += !world->model.images[i]->gone &&
                     (!instance || streq(world->model.images[i]->instance, instance));
        return n;
}

static inline const char *world_image_tag(const struct model_image *image, const char *key)
{
        return ec2_tag_value(image->tags, image->n_tags, key);
}

/* The tag amid:consistency of the nth image that was made. */
static inline const char *world_consistency(const struct world *world, size_t image)
{
        return world_image_tag(world->model.images[image], TAG_CONSISTENCY);
}

/* How often instances went down, all of them together. */
static inline unsigned int world_outages(const struct world *world)
{
        unsigned int n = 0;

        for (size_t i = 0; i < world->model.n_instances; i++)
                n += world->model.instances[i]->outages;
        return n;
}
