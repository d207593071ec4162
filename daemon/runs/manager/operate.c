/* What an operator may ask of the manager. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/manager/private.h"

/* Whether the schedule has a firing in this second. The run of that firing has the second in its
 * id: a run of an operator with the same id would claim that firing. */
static bool is_for_the_schedule(const struct manager *manager, const struct run_request *request,
                                sec_t second)
{
        return streq(request->kind, "backup") && manager->planner &&
               planner_fires_for(manager->planner, request->schedule, second);
}

/* Starts the run in the next second that has neither a run of this kind and schedule nor a firing
 * of the schedule: an operator may ask for two runs within a second. */
static int start_now(struct manager *manager, struct run_request *request, char **ret_run)
{
        sec_t now = loop_wall(manager->loop);
        struct run *run;
        int r = -EEXIST;

        if (!manager->resumed || manager->engine->closing)
                return -EAGAIN;
        request->trigger = "operator";
        for (sec_t i = 0; i < 600 && r == -EEXIST; i++) {
                request->firing = now + i;
                if (!is_for_the_schedule(manager, request, request->firing))
                        r = engine_start(manager->engine, request, &run);
        }
        if (r < 0)
                return r;
        *ret_run = xstrdup(run->row.id);
        manager_changed(manager);
        return 0;
}

static int no_such_schedule(struct manager *manager, const char *schedule, char **ret_error)
{
        *ret_error = settings_no_schedule(manager->engine->settings, schedule);
        return -ENOENT;
}

static int store_trouble(struct manager *manager, int r, char **ret_error)
{
        if (manager->engine->closing) {
                *ret_error = xstrdup("amid is about to end, and begins nothing new.");
                return -EAGAIN;
        }
        if (!manager->resumed) {
                *ret_error = xstrdup("amid is still starting; try again in a moment.");
                return -EAGAIN;
        }
        *ret_error = xasprintf("The state cannot be written: %s.", store_error(manager->store));
        return r;
}

/* Whether the clock allows the run: by a wrong clock nothing fires and nothing is removed, not even
 * for an operator. */
static bool clock_lets(struct manager *manager, struct run_request *request, char **ret_error)
{
        /* no new comparison: AWS answers before the run touches an instance */
        enum clock_state state = clock_guard_peek(manager->engine->clock);
        _cleanup_free_ char *wrong =
                state == CLOCK_WRONG ? clock_guard_wrong(manager->engine->clock) : NULL;

        request->compared = state == CLOCK_AGREES;
        if (state != CLOCK_WRONG)
                return true;
        *ret_error =
                xasprintf("Nothing is begun: %s. Set it right first (`timedatectl set-ntp true`).",
                          wrong ? wrong : "the clock of this machine is wrong");
        return false;
}

/* The first of `instances` that cannot be an instance id, or NULL. */
static const char *find_no_id(char *const *instances, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const char *rest = startswith(instances[i], "i-");

                if (!rest || !*rest ||
                    strspn(rest, "0123456789abcdefghijklmnopqrstuvwxyz") != strlen(rest))
                        return instances[i];
        }
        return NULL;
}

int manager_check_run(struct manager *manager, const char *schedule, char *const *instances,
                      size_t n, char **ret_error)
{
        const struct setting_schedule *setting =
                settings_schedule(manager->engine->settings, schedule);
        const char *no_id = find_no_id(instances, n);
        bool busy, queued;

        if (!setting)
                return no_such_schedule(manager, schedule, ret_error);
        if (no_id) {
                *ret_error =
                        xasprintf("\"%s\" is no instance id such as i-0123456789abcdef0.", no_id);
                return -EINVAL;
        }
        busy = engine_schedule_is_busy(manager->engine, schedule, &queued);
        if (busy && (setting->overlap == OVERLAP_SKIP || queued)) {
                *ret_error =
                        xasprintf(queued ? "a run of %s is queued already"
                                         : "a run of %s is still going, and works on instances or "
                                           "looks for them; `amictl status` shows it",
                                  schedule);
                return -EBUSY;
        }
        return 0;
}

int manager_run(struct manager *manager, const char *schedule, char *const *instances, size_t n,
                char **ret_run, char **ret_error)
{
        _cleanup_free_ char *only = n ? strings_join(instances, n, " ") : NULL;
        struct run_request request = { .kind = "backup", .schedule = schedule, .only = only };
        int r = manager_check_run(manager, schedule, instances, n, ret_error);
        bool queued;

        if (r < 0)
                return r;
        request.queued = engine_schedule_is_busy(manager->engine, schedule, &queued);
        if (manager->resumed && !clock_lets(manager, &request, ret_error))
                return -EAGAIN;
        r = start_now(manager, &request, ret_run);
        return r < 0 ? store_trouble(manager, r, ret_error) : 0;
}

int manager_check_prune(struct manager *manager, const char *schedule, char **ret_error)
{
        const struct setting_schedule *setting =
                schedule ? settings_schedule(manager->engine->settings, schedule) : NULL;

        if (schedule && !setting)
                return no_such_schedule(manager, schedule, ret_error);
        if (setting && !setting->has_retain) {
                *ret_error =
                        xasprintf("Schedule \"%s\" has no 'retain': none of its images is ever "
                                  "removed.",
                                  schedule);
                return -EINVAL;
        }
        return 0;
}

int manager_prune(struct manager *manager, const char *schedule, bool dry_run, char **ret_run,
                  char **ret_error)
{
        struct run_request request = { .kind = "prune", .schedule = schedule, .dry = dry_run };
        int r = manager_check_prune(manager, schedule, ret_error);

        if (r < 0)
                return r;
        if (manager->resumed && !dry_run && !clock_lets(manager, &request, ret_error))
                return -EAGAIN;
        r = start_now(manager, &request, ret_run);
        return r < 0 ? store_trouble(manager, r, ret_error) : 0;
}

int manager_adopt(struct manager *manager, bool dry_run, char **ret_run, char **ret_error)
{
        struct run_request request = { .kind = "adopt", .dry = dry_run };
        int r = start_now(manager, &request, ret_run);

        return r < 0 ? store_trouble(manager, r, ret_error) : 0;
}

int manager_cancel(struct manager *manager, const char *run_id, bool abandon, char **ret_error)
{
        struct run *run = engine_find_run(manager->engine, run_id);
        _cleanup_(store_run_done) struct store_run ended = {};

        if (!run && store_load_run(manager->store, run_id, &ended) == 1)
                *ret_error = xasprintf("Run \"%s\" has ended already; `amictl show %s` tells how.",
                                       run_id, run_id);
        if (!run)
                return -ENOENT;
        if (abandon)
                run_abandon(run, "abandoned by an operator");
        else
                run_cancel(run, "cancelled by an operator");
        log_line(LOG_NOTICE,
                 &(struct log_about){ .schedule = run->row.schedule, .run = run->row.id },
                 "Run %s is %s: nothing new begins, images under way are %s.", run_id,
                 abandon ? "abandoned" : "cancelled",
                 abandon ? "no longer followed, and left as they are" : "followed");
        return 0;
}

int manager_pause(struct manager *manager, const char *schedule, bool pause, char **ret_error)
{
        int r;

        if (!settings_schedule(manager->engine->settings, schedule))
                return no_such_schedule(manager, schedule, ret_error);
        if (!manager->planner)
                return store_trouble(manager, -EAGAIN, ret_error);
        r = planner_pause(manager->planner, schedule, pause);
        if (r < 0)
                return store_trouble(manager, r, ret_error);
        log_line(LOG_NOTICE, &(struct log_about){ .schedule = schedule }, "Schedule %s is %s.",
                 schedule, pause ? "paused: it fires no more until resumed" : "resumed");
        manager_changed(manager);
        return 0;
}
