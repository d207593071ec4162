/* A store in a directory of its own, a loop, a fake manager and options over them. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "control/control.h"
#include "unit/control/fake-manager.h"

#define W(text) ((char *)(uintptr_t)(text))

struct fixture {
        char directory[64], path[80];
        struct manager manager;
        struct setting_schedule schedules[2];
        struct loop *loop;
        struct store *store;
        struct control_options options;
        int reload_answer;
};

static inline int fixture_reload(struct text *messages, void *userdata)
{
        struct fixture *fixture = userdata;

        text_append(messages, fixture->reload_answer < 0 ? "amid.yaml:3:5: bad\n"
                              : fixture->reload_answer > 0
                                      ? "amid.yaml:3:5: odd\namid.yaml:7:1: odd\n"
                                      : "");
        return fixture->reload_answer;
}

static inline int fixture_make(void **state)
{
        struct fixture *fixture = xnew(struct fixture);
        _cleanup_free_ char *error = NULL;

        snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/amid-control-XXXXXX");
        if (!mkdtemp(fixture->directory) || loop_new(&fixture->loop) < 0 ||
            store_open(fixture->directory, &fixture->store, &error) < 0)
                return -1;
        snprintf(fixture->path, sizeof(fixture->path), "%s/control", fixture->directory);
        fixture->schedules[0] = (struct setting_schedule){ .name = W("paused"),
                                                           .expression_text = W("rate(1 day)"),
                                                           .timezone = W("UTC"),
                                                           .enabled = true };
        fixture->schedules[1] = (struct setting_schedule){ .name = W("web"),
                                                           .expression_text = W("rate(1 hour)"),
                                                           .timezone = W("Asia/Seoul"),
                                                           .enabled = true };
        fixture->manager.next = 1800000000;
        fixture->manager.settings = (struct settings){ .file = W("amid.yaml"),
                                                       .schedules = fixture->schedules,
                                                       .n_schedules = 2 };
        fixture->options = (struct control_options){ .loop = fixture->loop,
                                                     .manager = &fixture->manager,
                                                     .store = fixture->store,
                                                     .path = fixture->path,
                                                     .reload = fixture_reload,
                                                     .userdata = fixture };
        log_set_max_priority(LOG_EMERG);
        *state = fixture;
        return 0;
}

static inline int fixture_remove(void **state)
{
        static const char *const names[] = { "amid.db", "amid.db-wal", "amid.db-shm", "control" };
        struct fixture *fixture = *state;

        store_close(fixture->store);
        loop_free(fixture->loop);
        fake_manager_done(&fixture->manager);
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s", fixture->directory, names[i]);

                unlink(path);
        }
        rmdir(fixture->directory);
        free(fixture);
        return 0;
}

static inline void fixture_stop(void *userdata)
{
        loop_exit(userdata, 0);
}

/* Runs the loop for a time. */
static inline void fixture_wait(struct fixture *fixture, usec_t time)
{
        struct timer *timer = timer_new(fixture->loop, fixture_stop, fixture->loop);

        timer_arm(timer, time);
        loop_run(fixture->loop);
        timer_free(timer);
}

static inline void fixture_turn(struct fixture *fixture)
{
        fixture_wait(fixture, 20 * USEC_PER_MSEC);
}

static inline struct store_run fixture_run(const char *id, enum outcome outcome)
{
        return (struct store_run){
                .id = W(id),
                .kind = W("backup"),
                .schedule = W("web"),
                .firing = 1700000000,
                .trigger = W("operator"),
                .phase = W("create-images"),
                .outcome = outcome,
                .only = W("i-1 i-2"),
                .started = 1700000001,
                .finished = outcome == OUTCOME_OPEN ? SEC_NONE : 1700000100,
        };
}

static inline struct store_task fixture_task(const char *run, const char *subject)
{
        return (struct store_task){
                .run = W(run),
                .kind = W("image"),
                .account = W("default"),
                .region = W("eu-west-1"),
                .subject = W(subject),
                .step = W("await-image"),
                .entered = 1700000002,
                .image = W("ami-1"),
                .finished = SEC_NONE,
        };
}
