/* Requests for target groups and the health of their targets, shared by the tasks of a location. */
#include "runs/outage/rotation-private.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/alloc.h"
#include "base/text.h"

/* A failure is the answer to all tasks that wait; a task that comes later than this causes a new
 * request. */
#define FAILURE_FRESH (2 * USEC_PER_SEC)

/* A task that waits for target groups to be read. */
struct onlooker {
        struct task *task;
        struct restore_plan only; /* lines of target groups */
        bool all;
        usec_t since;
        struct onlooker *next;
};

static struct target_group *group_of(struct rotation *rotation, const char *arn)
{
        struct target_group *group = rotation_find(rotation, arn);

        if (!group) {
                group = xnew(struct target_group);
                group->arn = xstrdup(arn);
                LL_APPEND(rotation->groups, group);
        }
        return group;
}

/* ---- what is to be asked ---- */

/* The next request that an onlooker needs. */
struct lack {
        bool list;
        struct target_group *group;
};

static bool is_read(const struct target_group *group, usec_t since)
{
        return group->gone || (group->read && group->read >= since);
}

/* Whether something has not been read since `since`. */
static bool lacks(struct rotation *rotation, const struct restore_plan *only, usec_t since,
                  struct lack *ret)
{
        *ret = (struct lack){};
        if (!only) {
                ret->list = !rotation->listed || rotation->listed < since;
                for (struct target_group *g = rotation->groups; g && !ret->list && !ret->group;
                     g = g->next)
                        if (g->listed && !is_read(g, since))
                                ret->group = g;
                return ret->list || ret->group;
        }
        for (size_t i = 0; i < only->n && !ret->group; i++) {
                struct target_group *group;

                if (only->lines[i].kind == RESTORE_STANDBY)
                        continue;
                group = group_of(rotation, only->lines[i].name);
                if (!is_read(group, since))
                        ret->group = group;
        }
        return ret->group;
}

static bool onlooker_lacks(struct rotation *rotation, const struct onlooker *onlooker,
                           struct lack *ret)
{
        return lacks(rotation, onlooker->all ? NULL : &onlooker->only, onlooker->since, ret);
}

static void onlooker_free(struct onlooker *onlooker)
{
        restore_plan_done(&onlooker->only);
        free(onlooker);
}

static void on_groups(const struct aws_reply *reply, void *userdata);
static void on_health(const struct aws_reply *reply, void *userdata);

static void send_lack(struct rotation *rotation, const struct lack *lack)
{
        rotation->sent = loop_monotonic(rotation->location->loop);
        rotation->asked = lack->group;
        if (lack->list)
                rotation->call =
                        location_call(&rotation->refusal, &elb_describe_target_groups,
                                      &(struct elb_describe_target_groups){}, on_groups, rotation);
        else
                rotation->call = location_call(
                        &rotation->refusal, &elb_describe_target_health,
                        &(struct elb_describe_target_health){ .group = lack->group->arn },
                        on_health, rotation);
}

/* Wakes the tasks for which all is read, or all tasks when a request has `failed`; sends the
 * request that the first of the others needs. */
static void rotation_continue(struct rotation *rotation, bool failed)
{
        struct onlooker *onlooker, *following;
        struct lack lack;

        LL_FOREACH_SAFE (rotation->onlookers, onlooker, following) {
                if (!failed && onlooker_lacks(rotation, onlooker, &lack))
                        continue;
                LL_DELETE(rotation->onlookers, onlooker);
                task_wake(onlooker->task);
                onlooker_free(onlooker);
        }
        if (!rotation->call && rotation->onlookers &&
            onlooker_lacks(rotation, rotation->onlookers, &lack))
                send_lack(rotation, &lack);
}

/* ---- what is answered ---- */

/* Takes `why`. */
static void rotation_fail(struct rotation *rotation, bool refused, char *why)
{
        rotation->failed = loop_monotonic(rotation->location->loop);
        rotation->refused = refused;
        free(rotation->why);
        rotation->why = why;
        rotation_continue(rotation, true);
}

static void rotation_failed(struct rotation *rotation, const struct aws_reply *reply,
                            const struct action *action)
{
        rotation_fail(rotation, reply->outcome == AWS_ERROR,
                      aws_describe_failure(reply, action, rotation->location->region));
}

/* A refusal has no line of its own: each task that looks says what it does about it. */
static void rotation_heard(struct rotation *rotation, const struct action *action,
                           const struct aws_reply *reply)
{
        location_heard(rotation->location, action, reply);
        if (!gone_is_claimed(reply) && refusal_take(&rotation->refusal, action, reply))
                refusal_report(&rotation->refusal);
        rotation->call = aws_slot_free(rotation->call);
}

static void on_groups(const struct aws_reply *reply, void *userdata)
{
        struct rotation *rotation = userdata;
        const struct elb_target_groups *found = reply->output;

        rotation_heard(rotation, &elb_describe_target_groups, reply);
        if (reply->outcome != AWS_OK) {
                rotation_failed(rotation, reply, &elb_describe_target_groups);
                return;
        }
        for (struct target_group *group = rotation->groups; group; group = group->next)
                group->listed = false;
        for (size_t i = 0; i < found->n_groups; i++) {
                if (!found->groups[i].arn || !streq(found->groups[i].target_type, "instance"))
                        continue;
                group_of(rotation, found->groups[i].arn)->listed = true;
        }
        rotation->listed = rotation->sent;
        rotation_continue(rotation, false);
}

/* The health of the group that was asked about; takes what `found` (NULL: none) holds. */
static void group_read(struct rotation *rotation, struct elb_healths *found)
{
        struct target_group *group = rotation->asked;

        shape_done(elb_describe_target_health.output, &group->healths);
        group->healths = (struct elb_healths){};
        if (found) {
                group->healths = *found;
                *found = (struct elb_healths){};
        }
        group->read = rotation->sent;
        rotation_continue(rotation, false);
}

/* The list of all groups, after one was not found by its ARN. */
static void on_whether_listed(const struct aws_reply *reply, void *userdata)
{
        struct rotation *rotation = userdata;
        struct target_group *group = rotation->asked;
        usec_t now = loop_monotonic(rotation->location->loop);
        const struct elb_target_groups *found = reply->output;
        bool is_listed = false;

        rotation_heard(rotation, &elb_describe_target_groups, reply);
        if (reply->outcome != AWS_OK) {
                rotation_failed(rotation, reply, &elb_describe_target_groups);
                return;
        }
        for (size_t i = 0; i < found->n_groups; i++)
                is_listed |= streq(found->groups[i].arn, group->arn);
        if (is_listed)
                gone_see(&group->evidence, now);
        else
                gone_miss(&group->evidence, now);
        group->gone = gone_is_certain(&group->evidence, GONE_TARGET_GROUP);
        if (group->gone)
                group_read(rotation, NULL);
        else
                rotation_fail(rotation, false,
                              xasprintf("target group %s was not found by its ARN, and is %s; "
                                        "whether it was removed",
                                        rotation_name(group->arn),
                                        is_listed ? "listed" : "not listed"));
}

static void on_health(const struct aws_reply *reply, void *userdata)
{
        struct rotation *rotation = userdata;

        rotation_heard(rotation, &elb_describe_target_health, reply);
        if (gone_is_claimed(reply)) {
                rotation->call = location_call(&rotation->refusal, &elb_describe_target_groups,
                                               &(struct elb_describe_target_groups){},
                                               on_whether_listed, rotation);
                return;
        }
        if (reply->outcome != AWS_OK) {
                rotation_failed(rotation, reply, &elb_describe_target_health);
                return;
        }
        group_read(rotation, reply->output);
}

/* ---- for tasks ---- */

static void rotation_free(void *part)
{
        struct rotation *rotation = part;
        struct target_group *group, *following;

        aws_slot_free(rotation->call);
        LL_FOREACH_SAFE (rotation->groups, group, following) {
                shape_done(elb_describe_target_health.output, &group->healths);
                free(group->arn);
                free(group);
        }
        free(rotation->why);
        refusal_done(&rotation->refusal);
        free(rotation);
}

static struct rotation *rotation_of(struct location *location)
{
        if (!location->rotation) {
                location->rotation = xnew(struct rotation);
                location_keep(location, rotation_free, location->rotation);
                location->rotation->location = location->rotation->refusal.location = location;
        }
        return location->rotation;
}

static struct onlooker *find_onlooker(struct rotation *rotation, const struct task *task)
{
        struct onlooker *onlooker = rotation->onlookers;

        while (onlooker && onlooker->task != task)
                onlooker = onlooker->next;
        return onlooker;
}

enum rotation_view rotation_look(struct task *task, const struct restore_plan *only, usec_t since,
                                 char **ret_why)
{
        struct rotation *rotation = rotation_of(task->location);
        usec_t now = loop_monotonic(task->run->engine->loop);
        struct onlooker *onlooker;
        struct lack lack;

        if (!lacks(rotation, only, since, &lack))
                return ROTATION_SEEN;
        task_await(task, &rotation->refusal);
        if (rotation->failed && now - rotation->failed < FAILURE_FRESH) {
                *ret_why = xstrdup(rotation->why);
                return rotation->refused ? ROTATION_REFUSED : ROTATION_UNREACHABLE;
        }
        if (find_onlooker(rotation, task))
                return ROTATION_LOOKING;
        onlooker = xnew(struct onlooker);
        onlooker->task = task;
        onlooker->since = since;
        onlooker->all = !only;
        for (size_t i = 0; only && i < only->n; i++)
                if (only->lines[i].kind != RESTORE_STANDBY)
                        restore_plan_add(&onlooker->only, only->lines[i].kind, false, 0,
                                         only->lines[i].name);
        LL_APPEND(rotation->onlookers, onlooker);
        rotation_continue(rotation, false);
        return ROTATION_LOOKING;
}

void rotation_leave(struct task *task)
{
        struct rotation *rotation = task->location->rotation;
        struct onlooker *onlooker = rotation ? find_onlooker(rotation, task) : NULL;

        if (!onlooker)
                return;
        LL_DELETE(rotation->onlookers, onlooker);
        onlooker_free(onlooker);
}
