/*
 * A manager that records its last call, and answers as the test has set it. It is linked instead of
 * runs/manager/manager.c, because it defines the same names. One include per program.
 */
#pragma once

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/manager/manager.h"

struct manager {
        struct settings settings;
        char *last_call; /* as text */
        int refuse;      /* negative errno to answer with */
        const char *message;
        const char *busy; /* why a run is refused at once; or NULL */
        struct watch *watches;
        size_t n_watches;
        struct task_progress progress;
        sec_t next;
        bool starting;  /* not ready yet */
        bool comparing; /* the clock */
        struct manager_wait *wait;
};

struct manager_wait {
        struct manager *manager;
        manager_ready_fn *ready;
        void *userdata;
};

struct watch {
        struct manager *manager;
        char *run;
        watch_fn *callback;
        void *userdata;
        struct watch *next;
};

static inline void fake_manager_done(struct manager *manager)
{
        free(manager->last_call);
}

/* Reports an event to all watches, like the real manager. */
static inline void fake_manager_tell(struct manager *manager, const struct run_event *event)
{
        for (struct watch *watch = manager->watches, *next; watch; watch = next) {
                next = watch->next;
                if (!watch->run || streq(watch->run, event->run->id))
                        watch->callback(event, watch->userdata);
        }
}

static inline int __attribute__((format(printf, 3, 4)))
fake_manager_asked(struct manager *manager, char **ret_error, const char *format, ...)
{
        va_list arguments;

        free(manager->last_call);
        va_start(arguments, format);
        manager->last_call = xvasprintf(format, arguments);
        va_end(arguments);
        if (manager->refuse < 0 && ret_error)
                *ret_error = xstrdup(manager->message);
        return manager->refuse;
}

const char *manager_holds(struct manager *manager, bool clock)
{
        if (manager->starting)
                return "the regions of the settings are being looked up";
        return clock && manager->comparing ? "the clock is being compared with AWS's" : NULL;
}

struct manager_wait *manager_wait(struct manager *manager, manager_ready_fn *ready, void *userdata)
{
        struct manager_wait *wait = xnew(struct manager_wait);

        assert(!manager->wait);
        *wait = (struct manager_wait){ manager, ready, userdata };
        return manager->wait = wait;
}

struct manager_wait *manager_wait_free(struct manager_wait *wait)
{
        if (wait && wait->manager->wait == wait)
                wait->manager->wait = NULL;
        free(wait);
        return NULL;
}

const struct settings *manager_settings(const struct manager *manager)
{
        return &manager->settings;
}

int manager_check_run(struct manager *manager, const char *schedule, char *const *instances,
                      size_t n, char **ret_error)
{
        (void)schedule;
        (void)instances;
        (void)n;
        *ret_error = xstrdup(manager->busy);
        return manager->busy ? -EBUSY : 0;
}

int manager_check_prune(struct manager *manager, const char *schedule, char **ret_error)
{
        return manager_check_run(manager, schedule, NULL, 0, ret_error);
}

int manager_run(struct manager *manager, const char *schedule, char *const *instances, size_t n,
                char **ret_run, char **ret_error)
{
        _cleanup_free_ char *list = strings_join(instances, n, ",");

        if (fake_manager_asked(manager, ret_error, "run %s [%s]", schedule, list) < 0)
                return manager->refuse;
        *ret_run = xasprintf("%s.1", schedule);
        return 0;
}

int manager_prune(struct manager *manager, const char *schedule, bool dry_run, char **ret_run,
                  char **ret_error)
{
        if (fake_manager_asked(manager, ret_error, "prune %s%s", schedule ? schedule : "all",
                               dry_run ? " dry" : "") < 0)
                return manager->refuse;
        *ret_run = xstrdup("prune.1");
        return 0;
}

int manager_adopt(struct manager *manager, bool dry_run, char **ret_run, char **ret_error)
{
        if (fake_manager_asked(manager, ret_error, "adopt%s", dry_run ? " dry" : "") < 0)
                return manager->refuse;
        *ret_run = xstrdup("adopt.1");
        return 0;
}

int manager_cancel(struct manager *manager, const char *run, bool abandon, char **ret_error)
{
        return fake_manager_asked(manager, ret_error, "%s %s", abandon ? "abandon" : "cancel", run);
}

int manager_pause(struct manager *manager, const char *schedule, bool pause, char **ret_error)
{
        return fake_manager_asked(manager, ret_error, "%s %s", pause ? "pause" : "resume",
                                  schedule);
}

char *manager_clock_wrong(const struct manager *manager)
{
        (void)manager;
        return NULL;
}

sec_t manager_anchor(struct manager *manager, const char *schedule)
{
        (void)manager;
        (void)schedule;
        return SEC_NONE;
}

sec_t manager_next(struct manager *manager, const char *schedule)
{
        (void)schedule;
        return manager->next;
}

bool manager_is_paused(struct manager *manager, const char *schedule)
{
        (void)manager;
        return streq(schedule, "paused");
}

void manager_outages(struct manager *manager, const char *schedule, manager_outage_fn *callback,
                     void *userdata)
{
        (void)manager;
        (void)schedule;
        callback("i-1", 90, false, userdata);
}

const char *manager_store_failure(const struct manager *manager)
{
        (void)manager;
        return NULL;
}

const char *manager_alert(const struct manager *manager)
{
        (void)manager;
        return NULL;
}

void manager_usage(struct manager *manager, aws_usage_fn *callback, void *userdata)
{
        (void)manager;
        callback(
                &(struct aws_usage){
                        .account = "prod",
                        .service = "ec2",
                        .region = "eu-west-1",
                        .action = "CreateImage",
                        .capacity = 25,
                        .refill_per_second = 2.5,
                        .tokens = 12.5,
                        .factor = 0.5,
                        .requests = 40,
                        .throttles = 3,
                },
                userdata);
}

bool manager_task_progress(struct manager *manager, int64_t task, struct task_progress *ret)
{
        (void)task;
        *ret = manager->progress;
        return true;
}

struct watch *manager_watch(struct manager *manager, const char *run, watch_fn *callback,
                            void *userdata)
{
        struct watch *watch = xnew(struct watch);

        *watch = (struct watch){ manager, xstrdup(run), callback, userdata, manager->watches };
        manager->watches = watch;
        manager->n_watches++;
        return watch;
}

struct watch *watch_free(struct watch *watch)
{
        struct watch **link;

        if (!watch)
                return NULL;
        for (link = &watch->manager->watches; *link != watch;)
                link = &(*link)->next;
        *link = watch->next;
        watch->manager->n_watches--;
        free(watch->run);
        free(watch);
        return NULL;
}
