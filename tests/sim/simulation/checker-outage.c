/*
 * Invariants of outages that amid makes: an instance is well before its outage, and the journal
 * reports an instance that does not come back. Where a fault makes a guarantee impossible, the
 * invariant demands the line.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/events/events.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"
#include "sim/simulation/checker-private.h"
#include "sim/simulation/fault-events.h"

/* How long the status checks of an instance have to fail, without other faults, for the daemon
 * to know. */
#define KNOWN_ILL (30 * SEC_PER_MIN * USEC_PER_SEC)
/* The image of another daemon counts when it was made this long after our daemon started, and
 * has to be there this long, without faults, for our daemon to know (runs/outage/rival.h). */
#define SECOND_DAEMON_AFTER (10 * SEC_PER_MIN * USEC_PER_SEC)
#define SECOND_DAEMON_KNOWN (30 * SEC_PER_MIN * USEC_PER_SEC)
/* The longest 'ready_timeout' of a fleet, and an hour for what may come between. */
#define LINE_DUE ((30 + 60) * SEC_PER_MIN * USEC_PER_SEC)

/* When the journal last had an error about an instance. */
struct outage_line {
        UT_hash_handle hh; /* of checker->lines */
        char *instance;
        usec_t said; /* monotonic */
};

static usec_t now_of(const struct checker *checker)
{
        return virtual_true_time(&checker->simulation->clock);
}

void outage_journal(struct checker *checker, const struct log_event *event, const char *instance)
{
        struct outage_line *line;

        if (!event || !instance || event->priority > LOG_ERR)
                return;
        HASH_FIND_STR(checker->lines, instance, line);
        if (!line) {
                line = xnew(struct outage_line);
                line->instance = xstrdup(instance);
                HASH_ADD_KEYPTR(hh, checker->lines, line->instance, strlen(line->instance), line);
        }
        line->said = checker->simulation->clock.now;
}

/* ---- before ---- */

static void judge_well_before(struct checker *checker, const struct cloud_request *request,
                              const char *id)
{
        struct simulation *simulation = checker->simulation;
        const struct instance *instance = id ? find_instance(checker, request->region, id) : NULL;
        usec_t now = now_of(checker);

        if (!instance || instance_state(instance, now) != STATE_RUNNING ||
            instance_check(instance, now) != CHECK_IS_IMPAIRED ||
            now - instance_impaired_since(instance, now) < KNOWN_ILL)
                return;
        if (simulation->clock.now - fault_events_clear_since(simulation) < KNOWN_ILL ||
            fault_events_clear_since(simulation) == USEC_INFINITY)
                return;
        simulation_fail(simulation, "an impaired instance gets no outage",
                        "%s takes %s down, whose status checks have failed for %lld s",
                        request->action, id,
                        (long long)((now - instance_impaired_since(instance, now)) / USEC_PER_SEC));
}

/* Whether another daemon's image has been there for long enough, under a schedule that our
 * settings have as well. */
static bool second_daemon_shows(const struct checker *checker, const char *region)
{
        struct simulation *simulation = checker->simulation;
        const struct second_daemon *second = &simulation->second;
        usec_t fair = fault_events_clear_since(simulation), now = simulation->clock.now;
        const struct image *image;

        if (!second->image || !streq(second->region, region) ||
            second->at < checker->started + SECOND_DAEMON_AFTER ||
            now - second->at < SECOND_DAEMON_KNOWN || fair == USEC_INFINITY ||
            now - fair < SECOND_DAEMON_KNOWN ||
            !settings_schedule(fleet_settings(&simulation->fleet), second->schedule))
                return false;
        image = resource_find(sim_location(simulation->cloud.sim, DEFAULT_ACCOUNT, region),
                              KIND_IMAGE, second->image);
        return image && streq(tags_get(&image->resource.tags, "amid:owner"), "sim") &&
               streq(tags_get(&image->resource.tags, "amid:schedule"), second->schedule) &&
               streq(tags_get(&image->resource.tags, "amid:instance"), image->source_instance);
}

static void judge_outage(struct checker *checker, const struct cloud_request *request,
                         const char *id)
{
        judge_well_before(checker, request, id);
        if (second_daemon_shows(checker, request->region))
                simulation_fail(checker->simulation, "two daemons make no outages",
                                "%s takes %s down, and another daemon made %s %lld min ago",
                                request->action, id, checker->simulation->second.image,
                                (long long)((checker->simulation->clock.now -
                                             checker->simulation->second.at) /
                                            USEC_PER_SEC / 60));
}

void outage_before_request(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *id = NULL, *no_reboot = NULL;

        if (streq(request->action, "StopInstances")) {
                id = request_parameter(request->body, "InstanceId.1");
                judge_outage(checker, request, id);
        } else if (streq(request->action, "CreateImage")) {
                id = request_parameter(request->body, "InstanceId");
                no_reboot = request_parameter(request->body, "NoReboot");
                if (!streq(no_reboot, "true"))
                        judge_outage(checker, request, id);
        }
}

/* ---- afterwards ---- */

static bool has_line_since(const struct checker *checker, const char *instance, usec_t since)
{
        struct outage_line *line;

        HASH_FIND_STR(checker->lines, instance, line);
        return line && line->said >= since;
}

void outage_inspect(struct checker *checker)
{
        struct simulation *simulation = checker->simulation;
        usec_t now = simulation->clock.now;

        if (!machine_is_up(&simulation->machine) || now - checker->started < LINE_DUE ||
            simulation->disk.full || simulation->disk.broken)
                return;
        for (const struct stopped_instance *stopped = checker->stopped; stopped;
             stopped = stopped->hh.next) {
                const struct instance *instance =
                        find_instance(checker, stopped->region, stopped->instance);

                if (!instance || now - stopped->since < LINE_DUE ||
                    instance_state(instance, now_of(checker)) != STATE_STOPPED ||
                    has_line_since(checker, stopped->instance, stopped->since))
                        continue;
                simulation_fail(
                        simulation, "no instance is left down without a word",
                        "%s was stopped for its image %lld min ago, is stopped, and no error "
                        "says so",
                        stopped->instance, (long long)((now - stopped->since) / USEC_PER_SEC / 60));
        }
}

void outage_done(struct checker *checker)
{
        struct outage_line *line, *next;

        HASH_ITER (hh, checker->lines, line, next) {
                HASH_DEL(checker->lines, line); /* NOLINT(clang-analyzer-unix.Malloc) */
                free(line->instance);
                free(line);
        }
}
