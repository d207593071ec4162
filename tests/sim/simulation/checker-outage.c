/*
 * Outages that amid makes: who is taken down was well before, and who does not come back stands in
 * the journal. Where the world makes a guarantee impossible, the line is what is demanded.
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

/* How long an instance's checks have to have failed, with nothing else in the way, for the daemon
 * to know. */
#define KNOWN_ILL (30 * SEC_PER_MIN * USEC_PER_SEC)
/* How long after the daemon began another one's image tells of it, and how long it has to be there,
 * with nothing in the way, for the daemon to know; runs/outage/rival.h. */
#define SECOND_DAEMON_AFTER (10 * SEC_PER_MIN * USEC_PER_SEC)
#define SECOND_DAEMON_KNOWN (30 * SEC_PER_MIN * USEC_PER_SEC)
/* The longest 'ready_timeout' of a fleet, and what else may lie between. */
#define LINE_DUE ((30 + 60) * SEC_PER_MIN * USEC_PER_SEC)

/* What the journal said last of an instance, as an error. */
struct outage_line {
        UT_hash_handle hh; /* of witness->lines */
        char *instance;
        usec_t said; /* monotonic */
};

static usec_t now_of(const struct witness *witness)
{
        return virtual_true_time(&witness->universe->clock);
}

void outage_journal(struct witness *witness, const struct log_event *event, const char *instance)
{
        struct outage_line *line;

        if (!event || !instance || event->priority > LOG_ERR)
                return;
        HASH_FIND_STR(witness->lines, instance, line);
        if (!line) {
                line = xnew(struct outage_line);
                line->instance = xstrdup(instance);
                HASH_ADD_KEYPTR(hh, witness->lines, line->instance, strlen(line->instance), line);
        }
        line->said = witness->universe->clock.now;
}

/* ---- before ---- */

static void judge_well_before(struct witness *witness, const struct cloud_request *request,
                              const char *id)
{
        struct universe *universe = witness->universe;
        const struct instance *instance = id ? find_instance(witness, request->region, id) : NULL;
        usec_t now = now_of(witness);

        if (!instance || instance_state(instance, now) != STATE_RUNNING ||
            instance_check(instance, now) != CHECK_IS_IMPAIRED ||
            now - instance_impaired_since(instance, now) < KNOWN_ILL)
                return;
        if (universe->clock.now - happenings_fair_since(universe) < KNOWN_ILL ||
            happenings_fair_since(universe) == USEC_INFINITY)
                return;
        universe_fail(universe, "who is down already is left alone",
                      "%s takes %s down, whose status checks have failed for %lld s",
                      request->action, id,
                      (long long)((now - instance_impaired_since(instance, now)) / USEC_PER_SEC));
}

/* The image of another daemon is there, for long enough, and as our settings would name it. */
static bool second_daemon_shows(const struct witness *witness, const char *region)
{
        struct universe *universe = witness->universe;
        const struct second_daemon *second = &universe->second;
        usec_t fair = happenings_fair_since(universe), now = universe->clock.now;
        const struct image *image;

        if (!second->image || !streq(second->region, region) ||
            second->at < witness->started + SECOND_DAEMON_AFTER ||
            now - second->at < SECOND_DAEMON_KNOWN || fair == USEC_INFINITY ||
            now - fair < SECOND_DAEMON_KNOWN ||
            !settings_schedule(fleet_settings(&universe->fleet), second->schedule))
                return false;
        image = place_find(sim_place(universe->cloud.sim, DEFAULT_ACCOUNT, region), KIND_IMAGE,
                           second->image);
        return image && streq(tags_get(&image->resource.tags, "amid:owner"), "sim") &&
               streq(tags_get(&image->resource.tags, "amid:schedule"), second->schedule) &&
               streq(tags_get(&image->resource.tags, "amid:instance"), image->source_instance);
}

static void judge_outage(struct witness *witness, const struct cloud_request *request,
                         const char *id)
{
        judge_well_before(witness, request, id);
        if (second_daemon_shows(witness, request->region))
                universe_fail(
                        witness->universe, "two daemons make no outages",
                        "%s takes %s down, and another daemon made %s %lld min ago",
                        request->action, id, witness->universe->second.image,
                        (long long)((witness->universe->clock.now - witness->universe->second.at) /
                                    USEC_PER_SEC / 60));
}

void outage_asking(struct witness *witness, const struct cloud_request *request)
{
        _cleanup_free_ char *id = NULL, *no_reboot = NULL;

        if (streq(request->action, "StopInstances")) {
                id = request_parameter(request->body, "InstanceId.1");
                judge_outage(witness, request, id);
        } else if (streq(request->action, "CreateImage")) {
                id = request_parameter(request->body, "InstanceId");
                no_reboot = request_parameter(request->body, "NoReboot");
                if (!streq(no_reboot, "true"))
                        judge_outage(witness, request, id);
        }
}

/* ---- afterwards ---- */

static bool has_line_since(const struct witness *witness, const char *instance, usec_t since)
{
        struct outage_line *line;

        HASH_FIND_STR(witness->lines, instance, line);
        return line && line->said >= since;
}

void outage_look(struct witness *witness)
{
        struct universe *universe = witness->universe;
        usec_t now = universe->clock.now;

        if (!machine_is_up(&universe->machine) || now - witness->started < LINE_DUE ||
            universe->disk.full || universe->disk.broken)
                return;
        for (const struct held *held = witness->held; held; held = held->hh.next) {
                const struct instance *instance =
                        find_instance(witness, held->region, held->instance);

                if (!instance || now - held->since < LINE_DUE ||
                    instance_state(instance, now_of(witness)) != STATE_STOPPED ||
                    has_line_since(witness, held->instance, held->since))
                        continue;
                universe_fail(universe, "nobody is left down without a word",
                              "%s was stopped for its image %lld min ago, is stopped, and no error "
                              "says so",
                              held->instance, (long long)((now - held->since) / USEC_PER_SEC / 60));
        }
}

void outage_done(struct witness *witness)
{
        struct outage_line *line, *next;

        HASH_ITER (hh, witness->lines, line, next) {
                HASH_DEL(witness->lines, line); /* NOLINT(clang-analyzer-unix.Malloc) */
                free(line->instance);
                free(line);
        }
}
