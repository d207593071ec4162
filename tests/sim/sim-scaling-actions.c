/* DescribeAutoScalingGroups, DescribeAutoScalingInstances, EnterStandby, ExitStandby. */
#include <assert.h>

#include "base/alloc.h"
#include "sim/sim-instance.h"
#include "sim/sim-scaling.h"
#include "sim/sim-target.h"
#include "sim/sim-xml.h"

enum { INSTANCES_PAGE_MAX = 50, GROUPS_PAGE_MAX = 100, STANDBY_MAX = 19 };

/* ---- looking ---- */

static void print_member(struct call *call, const struct scaling_group *group,
                         const struct member *member, bool in_group)
{
        const struct instance *instance =
                resource_find(call->location, KIND_INSTANCE, member->instance);
        struct text *out = &call->out;

        xml_open(out, "member");
        xml_text(out, "InstanceId", member->instance);
        xml_text(out, "InstanceType", instance ? instance->type : NULL);
        if (!in_group)
                xml_text(out, "AutoScalingGroupName", group->name);
        xml_text(out, "AvailabilityZone", instance ? instance->zone : "unknown");
        xml_text(out, "LifecycleState", lifecycle_name(member_lifecycle(member, call->now)));
        xml_text(out, "HealthStatus", in_group ? "Healthy" : "HEALTHY");
        xml_bool(out, "ProtectedFromScaleIn", false);
        xml_close(out, "member");
}

static bool is_member(const struct member *member, usec_t now)
{
        return member_lifecycle(member, now) != LIFE_TERMINATED;
}

static void print_group(struct call *call, const struct scaling_group *group)
{
        _cleanup_free_ char *zone = xasprintf("%sa", call->location->region);
        struct text *out = &call->out;

        xml_open(out, "member");
        xml_text(out, "AutoScalingGroupName", group->name);
        xml_number(out, "MinSize", group->min);
        xml_number(out, "MaxSize", group->max);
        xml_number(out, "DesiredCapacity", group->desired);
        xml_number(out, "DefaultCooldown", 300);
        text_printf(out, "<AvailabilityZones><member>%s</member></AvailabilityZones>", zone);
        xml_text(out, "HealthCheckType", "EC2");
        xml_number(out, "HealthCheckGracePeriod", 0);
        xml_open(out, "Instances");
        for (size_t i = 0; i < group->n_members; i++)
                if (is_member(&group->members[i], call->now))
                        print_member(call, group, &group->members[i], true);
        xml_close(out, "Instances");
        xml_time(out, "CreatedTime", 0);
        xml_open(out, "SuspendedProcesses");
        for (size_t i = 0; i < group->n_suspended; i++) {
                xml_open(out, "member");
                xml_text(out, "ProcessName", group->suspended[i]);
                xml_text(out, "SuspensionReason", "User suspended");
                xml_close(out, "member");
        }
        xml_close(out, "SuspendedProcesses");
        xml_close(out, "member");
}

/* Names that do not exist are left out. A token is the name that the next page begins with. */
bool describe_auto_scaling_groups(struct call *call)
{
        const char *token = param(&call->params, "NextToken");
        struct scaling_group *group = call->location->scaling_groups;
        size_t left = GROUPS_PAGE_MAX, n;
        _cleanup_free_ const char **names =
                param_list(&call->params, "AutoScalingGroupNames.member", &n);

        if (!read_number(call, "MaxRecords", 1, GROUPS_PAGE_MAX, &left))
                return false;
        if (token)
                HASH_FIND_STR(call->location->scaling_groups, token, group);
        if (token && !group)
                return fail(call, "InvalidNextToken", "The token '%s' is not valid", token);
        xml_open(&call->out, "AutoScalingGroups");
        for (; group && left; group = group->hh.next) {
                bool named = !n;

                for (size_t i = 0; i < n; i++)
                        named = named || streq(names[i], group->name);
                if (!named)
                        continue;
                print_group(call, group);
                left--;
        }
        xml_close(&call->out, "AutoScalingGroups");
        xml_text(&call->out, "NextToken", group ? group->name : NULL);
        return true;
}

/* A token is the instance that the next page begins with. */
bool describe_auto_scaling_instances(struct call *call)
{
        const char *token = param(&call->params, "NextToken"), *next = NULL;
        size_t left = INSTANCES_PAGE_MAX, n;
        _cleanup_free_ const char **ids = param_list(&call->params, "InstanceIds.member", &n);

        if (n > INSTANCES_PAGE_MAX)
                return fail(call, "ValidationError", "At most %d instances", INSTANCES_PAGE_MAX);
        if (!read_number(call, "MaxRecords", 1, INSTANCES_PAGE_MAX, &left))
                return false;
        xml_open(&call->out, "AutoScalingInstances");
        for (struct scaling_group *group = call->location->scaling_groups; group && !next;
             group = group->hh.next)
                for (size_t i = 0; i < group->n_members && !next; i++) {
                        const struct member *member = &group->members[i];
                        bool named = !n;

                        for (size_t j = 0; j < n; j++)
                                named = named || streq(ids[j], member->instance);
                        if (!named || !is_member(member, call->now) ||
                            (token && !streq(token, member->instance)))
                                continue;
                        token = NULL;
                        if (left--)
                                print_member(call, group, member, false);
                        else
                                next = member->instance;
                }
        xml_close(&call->out, "AutoScalingInstances");
        xml_text(&call->out, "NextToken", next);
        return !token || fail(call, "InvalidNextToken", "The token '%s' is not valid", token);
}

/* ---- standby ---- */

struct standby {
        struct scaling_group *group;
        struct member *members[STANDBY_MAX];
        size_t n;
};

static struct member *find_member(struct scaling_group *group, const char *id)
{
        for (size_t i = 0; i < group->n_members; i++)
                if (streq(group->members[i].instance, id) &&
                    group->members[i].state != LIFE_TERMINATED)
                        return &group->members[i];
        return NULL;
}

/* The member that read_standby() has found. */
static struct member *member_at(const struct standby *standby, size_t i)
{
        assert(standby->members[i]);
        return standby->members[i];
}

/* All members have to be in `state`. */
static bool read_standby(struct call *call, enum lifecycle state, struct standby *ret)
{
        const char *name = param(&call->params, "AutoScalingGroupName");
        size_t n;
        _cleanup_free_ const char **ids = param_list(&call->params, "InstanceIds.member", &n);

        *ret = (struct standby){ .n = n };
        HASH_FIND_STR(call->location->scaling_groups, name, ret->group);
        if (!ret->group) {
                (void)fail(call, "ValidationError",
                           "AutoScalingGroup name not found - no such group: %s", name);
                return false;
        }
        if (n > STANDBY_MAX) {
                (void)fail(call, "ValidationError", "At most %d instances", STANDBY_MAX);
                return false;
        }
        for (size_t i = 0; i < n; i++) {
                ret->members[i] = find_member(ret->group, ids[i]);
                if (!ret->members[i]) {
                        (void)fail(call, "ValidationError",
                                   "The instance %s is not part of Auto Scaling group %s.", ids[i],
                                   name);
                        return false;
                }
                if (member_lifecycle(ret->members[i], call->now) != state)
                        return fail(call, "ValidationError", "The instance %s is not in %s.",
                                    ids[i], lifecycle_name(state));
        }
        return true;
}

static void print_activities(struct call *call, const struct standby *standby, const char *what)
{
        xml_open(&call->out, "Activities");
        for (size_t i = 0; i < standby->n; i++) {
                _cleanup_free_ char *id = new_id(call->sim, "");
                struct text *out = &call->out;

                xml_open(out, "member");
                xml_text(out, "ActivityId", id);
                xml_text(out, "AutoScalingGroupName", standby->group->name);
                text_printf(out, "<Description>Moving EC2 instance %s Standby: %s</Description>",
                            what, member_at(standby, i)->instance);
                text_append(out, "<Cause>The simulation was asked to.</Cause>");
                xml_time(out, "StartTime", call->now);
                xml_text(out, "StatusCode", "InProgress");
                xml_number(out, "Progress", 50);
                xml_close(out, "member");
        }
        xml_close(&call->out, "Activities");
}

static void move(struct call *call, const struct standby *standby, enum lifecycle at_once,
                 enum lifecycle finally)
{
        for (size_t i = 0; i < standby->n; i++) {
                struct member *member = member_at(standby, i);

                member->was = at_once;
                member->state = finally;
                member->since = call->now + sim_wait(call->sim, WAIT_STANDBY);
        }
}

bool enter_standby(struct call *call)
{
        struct standby standby;
        bool decrement;

        if (!read_bool(call, "ShouldDecrementDesiredCapacity", &decrement) ||
            !read_standby(call, LIFE_IN_SERVICE, &standby))
                return false;
        if (!decrement)
                return fail(call, "ValidationError",
                            "The simulation starts no instances in place of those that stand by");
        if (standby.group->desired < standby.group->min + standby.n)
                return fail(call, "ValidationError",
                            "AutoScalingGroup %s has min-size=%u, max-size=%u, and "
                            "desired-size=%u. To place into standby %zu instance, please update "
                            "the AutoScalingGroup sizes appropriately.",
                            standby.group->name, standby.group->min, standby.group->max,
                            standby.group->desired, standby.n);
        move(call, &standby, LIFE_ENTERING_STANDBY, LIFE_IS_STANDBY);
        standby.group->desired -= (unsigned int)standby.n;
        for (size_t i = 0; i < standby.n; i++)
                for (size_t j = 0; j < standby.group->n_target_groups; j++)
                        target_deregister(target_group(call->location,
                                                       standby.group->target_groups[j]),
                                          member_at(&standby, i)->instance, 0, call->now);
        print_activities(call, &standby, "to");
        return true;
}

bool exit_standby(struct call *call)
{
        struct standby standby;

        if (!read_standby(call, LIFE_IS_STANDBY, &standby))
                return false;
        if (standby.group->desired + standby.n > standby.group->max)
                return fail(call, "ValidationError",
                            "AutoScalingGroup %s has max-size=%u and desired-size=%u.",
                            standby.group->name, standby.group->max, standby.group->desired);
        move(call, &standby, LIFE_PENDING, LIFE_IN_SERVICE);
        standby.group->desired += (unsigned int)standby.n;
        for (size_t i = 0; i < standby.n; i++)
                for (size_t j = 0; j < standby.group->n_target_groups; j++)
                        target_register(
                                call->location,
                                target_group(call->location, standby.group->target_groups[j]),
                                member_at(&standby, i)->instance, 0, member_at(&standby, i)->since);
        print_activities(call, &standby, "out of");
        return true;
}
