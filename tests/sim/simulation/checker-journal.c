/*
 * Invariants of the journal: each failure has its line, with the schedule, the instance and the
 * cause; and a refusal about one resource makes no other resource fail.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/events/events.h"
#include "runs/manager/manager.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"
#include "sim/simulation/checker-private.h"
#include "sim/simulation/fault-events.h"
#include "store/store.h"

#define MINUTE (60 * USEC_PER_SEC)
/* CLEAR is how long no fault may have hindered the daemon, KNOWN_WELL how long an instance may
 * have had no fault, for the daemon to know: a 'settle' and some minutes. */
#define CLEAR      (45 * MINUTE)
#define KNOWN_WELL (9 * MINUTE)
/* The least length of a line that names a cause and what the daemon does next. */
enum { LINE_LEAST = 40 };

/* The journal's lines about one instance in one run. */
struct failure_line {
        UT_hash_handle hh; /* of checker->failures */
        char *key;         /* "RUN INSTANCE" */
        unsigned int no_image, warnings;
        uint64_t starts; /* of the daemon, when a line was last counted in `no_image` */
};

/* An open run, and how often the daemon had started when the run began. */
struct watched_run {
        UT_hash_handle hh; /* of checker->runs */
        char *id;
        uint64_t crashes;
        usec_t began;  /* monotonic */
        bool not_back; /* a line says that an instance is not ready, which may halt the run */
};

static struct failure_line *find_line(struct checker *checker, const char *run,
                                      const char *instance)
{
        _cleanup_free_ char *key = xasprintf("%s %s", run, instance);
        struct failure_line *line;

        HASH_FIND_STR(checker->failures, key, line);
        if (line)
                return line;
        line = xnew(struct failure_line);
        line->key = steal(key);
        HASH_ADD_KEYPTR(hh, checker->failures, line->key, strlen(line->key), line);
        return line;
}

/* ---- an instance without a fault ---- */

static bool is_well(struct checker *checker, const char *region, const char *id)
{
        const struct instance *instance = find_instance(checker, region, id);
        usec_t now = virtual_true_time(&checker->simulation->clock);
        const struct outage *outage = instance ? instance_last_outage(instance, now) : NULL;

        return instance && instance_is_up(instance, now) && !instance->impaired &&
               !instance->service_down && (!outage || now - outage->until > KNOWN_WELL);
}

/* Whether a lasting condition may leave an instance without an image: another instance of the
 * run that is not ready, a target group or Auto Scaling group, an agent that is away, a window. */
static bool may_be_left_out(const struct fleet *fleet, const struct fleet_schedule *schedule,
                            const struct watched_run *watched)
{
        bool freezes = schedule->level == CONSISTENCY_FREEZE || schedule->level == CONSISTENCY_AUTO;

        return (freezes && !schedule->anyhow) ||
               (fleet_takes_down(schedule) &&
                ((schedule->halt && watched->not_back) || schedule->window || schedule->drain ||
                 fleet->scaling));
}

/* Whether an image of another instance has the name that the run needs, or an earlier image of
 * the instance is still pending. */
static bool is_in_the_way(struct checker *checker, const struct watched_run *watched,
                          const struct store_task *task)
{
        struct sim_location *location =
                sim_location(checker->simulation->cloud.sim, DEFAULT_ACCOUNT, task->region);

        FOREACH_RESOURCE(resource, location, KIND_IMAGE)
        {
                const struct image *image = (const struct image *)resource;

                if (streq(tags_get(&resource->tags, "amid:run"), watched->id) &&
                    streq(tags_get(&resource->tags, "amid:instance"), task->subject))
                        return true;
                if (streq(image->source_instance, task->subject) &&
                    image->state != IMAGE_IS_AVAILABLE)
                        return true;
        }
        for (const struct creation *c = checker->creations; c; c = c->hh.next)
                if (streq(c->instance, task->subject) &&
                    (c->polled || c->polled_until >= watched->began))
                        return true;
        return false;
}

/* The instance had no fault since before the run began, and only other resources were refused. */
static void judge_no_image(struct checker *checker, const struct watched_run *watched,
                           const struct store_task *task)
{
        struct simulation *simulation = checker->simulation;
        usec_t clear = fault_events_clear_since_for(simulation, task->subject);
        char *name =
                strchr(watched->id, '.') ? xstrndup(watched->id, strcspn(watched->id, ".")) : NULL;
        const struct fleet_schedule *schedule = name ? fleet_find(&simulation->fleet, name) : NULL;

        free(name);
        if (task->outcome == OUTCOME_DONE || task->image || !schedule ||
            may_be_left_out(&simulation->fleet, schedule, watched) || clear == USEC_INFINITY ||
            watched->began < clear + CLEAR || simulation->clock.skew || simulation->second.image ||
            simulation->cloud.sim->faults || !is_well(checker, task->region, task->subject) ||
            is_in_the_way(checker, watched, task))
                return;
        simulation_fail(simulation, "what is refused blocks nothing else",
                        "run %s has made no image of %s, and nothing was in its way: %s",
                        watched->id, task->subject, task->detail ? task->detail : "-");
}

/* ---- each failure has its line ---- */

static void note_failure(struct checker *checker, const struct log_event *event,
                         const struct log_about *about, const char *message)
{
        struct failure_line *line;

        if (!about->run || !about->instance)
                return;
        if (!about->schedule || !about->account || !about->region || strlen(message) < LINE_LEAST ||
            !strstr(message, about->instance))
                simulation_fail(checker->simulation, "a failure says what, where and why",
                                "%s: schedule %s, instance %s, account %s, region %s: %s",
                                event->name, about->schedule ? about->schedule : "-",
                                about->instance, about->account ? about->account : "-",
                                about->region ? about->region : "-", message);
        line = find_line(checker, about->run, about->instance);
        line->warnings++;
        /* A crash may come between a line and its commit: the next process then writes the line
         * again. */
        if (line->starts != checker->simulation->machine.starts)
                line->no_image = 0;
        line->starts = checker->simulation->machine.starts;
        line->no_image += event == &events[EVENT_IMAGE_FAILED] && !about->image;
        if (line->no_image > 1)
                simulation_fail(checker->simulation, "one failure is one line", "%s", message);
}

static void judge_silence(struct checker *checker, const char *run, const struct store_task *task)
{
        if (task->outcome == OUTCOME_FAILED && !find_line(checker, run, task->subject)->warnings)
                simulation_fail(checker->simulation, "no failure is silent",
                                "run %s has failed for %s (%s), and no line says so", run,
                                task->subject, task->detail ? task->detail : "-");
}

static void check_run(struct checker *checker, const struct watched_run *watched)
{
        const char *run = watched->id;
        struct store_task *tasks;
        size_t n;

        if (store_load_tasks(checker->simulation->machine.store, run, &tasks, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++) {
                if (!streq(tasks[i].kind, "image"))
                        continue;
                judge_silence(checker, run, &tasks[i]);
                judge_no_image(checker, watched, &tasks[i]);
        }
        store_tasks_free(tasks, n);
}

/* A crash may come between a commit and its line, so runs that met a crash are left out. */
static void note_run(struct checker *checker, const struct log_event *event, const char *run)
{
        struct watched_run *watched;

        HASH_FIND_STR(checker->runs, run, watched);
        if (event == &events[EVENT_RUN_STARTED] && !watched) {
                watched = xnew(struct watched_run);
                watched->id = xstrdup(run);
                watched->crashes = checker->simulation->machine.starts;
                watched->began = checker->simulation->clock.now;
                HASH_ADD_KEYPTR(hh, checker->runs, watched->id, strlen(watched->id), watched);
        } else if (watched && (event == &events[EVENT_INSTANCE_NOT_READY] ||
                               event == &events[EVENT_NOT_STARTED] ||
                               event == &events[EVENT_OUT_OF_SERVICE])) {
                watched->not_back = true;
        } else if (watched &&
                   (event == &events[EVENT_RUN_FAILED] || event == &events[EVENT_RUN_FINISHED])) {
                if (watched->crashes == checker->simulation->machine.starts)
                        check_run(checker, watched);
                HASH_DEL(checker->runs, watched);
                free(watched->id);
                free(watched);
        }
}

/* ---- a refusal blocks nothing else ---- */

static void judge_not_ready(struct checker *checker, const struct log_about *about,
                            const char *message)
{
        struct simulation *simulation = checker->simulation;
        usec_t now = simulation->clock.now;

        if (now - fault_events_clear_since_for(simulation, about->instance) < CLEAR ||
            now - checker->started < CLEAR || strstr(message, "arget group") ||
            strstr(message, "Auto Scaling") || !is_well(checker, about->region, about->instance))
                return;
        simulation_fail(simulation, "what is refused blocks nothing else",
                        "%s has been well for %lld min: %s", about->instance,
                        (long long)(KNOWN_WELL / MINUTE), message);
}

/* ---- the lines ---- */

void journal_line(struct checker *checker, const struct log_event *event,
                  const struct log_about *about, const char *message)
{
        if (!event)
                return;
        if (event->priority <= LOG_WARNING)
                note_failure(checker, event, about, message);
        if (event == &events[EVENT_INSTANCE_NOT_READY])
                judge_not_ready(checker, about, message);
        if (about->run)
                note_run(checker, event, about->run);
}

static bool is_watched(const struct checker *checker, const struct failure_line *line)
{
        struct watched_run *run;

        HASH_FIND(hh, checker->runs, line->key, strcspn(line->key, " "), run);
        return run != NULL;
}

/* A run that is open at the end of a period is checked at its end, by all lines since its
 * beginning. */
void journal_forget(struct checker *checker, bool all)
{
        struct failure_line *line, *next;

        HASH_ITER (hh, checker->failures, line, next) {
                if (!all && is_watched(checker, line))
                        continue;
                HASH_DEL(checker->failures, line); /* NOLINT(clang-analyzer-unix.Malloc) */
                free(line->key);
                free(line);
        }
}

void journal_done(struct checker *checker)
{
        struct watched_run *run, *next;

        journal_forget(checker, true);
        HASH_ITER (hh, checker->runs, run, next) {
                HASH_DEL(checker->runs, run); /* NOLINT(clang-analyzer-unix.Malloc) */
                free(run->id);
                free(run);
        }
}
