/* DescribeTargetGroups, ...Attributes, DescribeTargetHealth, RegisterTargets, DeregisterTargets. */
#include <inttypes.h>

#include "base/alloc.h"
#include "sim/sim-instance.h"
#include "sim/sim-service.h"
#include "sim/sim-target.h"
#include "sim/sim-xml.h"

enum { PAGE_MAX = 400, SECONDS_BETWEEN_CHECKS = 10, CHECKS = 2 };

static struct target_group *find_arn(const struct sim_location *location, const char *arn)
{
        for (struct target_group *group = location->target_groups; group; group = group->hh.next)
                if (streq(group->arn, arn))
                        return group;
        return NULL;
}

/* NULL after having failed the call. */
static struct target_group *read_group(struct call *call, const char *arn)
{
        struct target_group *group = find_arn(call->location, arn);

        if (!group)
                (void)fail(call, "TargetGroupNotFound", "One or more target groups not found");
        return group;
}

/* ---- groups ---- */

static void print_group(struct call *call, const struct target_group *group)
{
        struct text *out = &call->out;

        xml_open(out, "member");
        xml_text(out, "TargetGroupArn", group->arn);
        xml_text(out, "TargetGroupName", group->name);
        xml_text(out, "Protocol", "HTTP");
        xml_number(out, "Port", group->port);
        xml_text(out, "VpcId", "vpc-0123456789abcdef0");
        xml_text(out, "HealthCheckProtocol", "HTTP");
        xml_text(out, "HealthCheckPort", "traffic-port");
        xml_bool(out, "HealthCheckEnabled", true);
        xml_number(out, "HealthCheckIntervalSeconds", SECONDS_BETWEEN_CHECKS);
        xml_number(out, "HealthyThresholdCount", CHECKS);
        xml_number(out, "UnhealthyThresholdCount", CHECKS);
        xml_open(out, "LoadBalancerArns");
        if (group->attached)
                text_printf(out,
                            "<member>arn:aws:elasticloadbalancing:%s:%s:loadbalancer/app/%s/0"
                            "</member>",
                            call->location->region, call->location->account, group->name);
        xml_close(out, "LoadBalancerArns");
        xml_text(out, "TargetType", "instance");
        xml_close(out, "member");
}

static bool print_named(struct call *call)
{
        size_t n;
        _cleanup_free_ const char **arns = param_list(&call->params, "TargetGroupArns.member", &n);

        for (size_t i = 0; i < n; i++) {
                const struct target_group *group = read_group(call, arns[i]);

                if (!group)
                        return false;
                print_group(call, group);
        }
        return true;
}

/* A marker is the name of the group that the next page begins with. */
static bool print_page(struct call *call)
{
        const char *marker = param(&call->params, "Marker");
        struct target_group *group = call->location->target_groups;
        size_t left = PAGE_MAX;

        if (!read_number(call, "PageSize", 1, PAGE_MAX, &left))
                return false;
        if (marker)
                HASH_FIND_STR(call->location->target_groups, marker, group);
        if (marker && !group)
                return fail(call, "ValidationError", "Marker '%s' is not valid", marker);
        for (; group && left; group = group->hh.next, left--)
                print_group(call, group);
        xml_close(&call->out, "TargetGroups");
        xml_text(&call->out, "NextMarker", group ? group->name : NULL);
        return true;
}

bool describe_target_groups(struct call *call)
{
        xml_open(&call->out, "TargetGroups");
        if (!param_next(&call->params, "TargetGroupArns.member", 0))
                return print_page(call);
        if (!print_named(call))
                return false;
        xml_close(&call->out, "TargetGroups");
        return true;
}

bool describe_target_group_attributes(struct call *call)
{
        const struct target_group *group = read_group(call, param(&call->params, "TargetGroupArn"));

        if (!group)
                return false;
        text_printf(&call->out,
                    "<Attributes><member><Key>stickiness.enabled</Key><Value>false</Value></member>"
                    "<member><Key>deregistration_delay.timeout_seconds</Key><Value>%u</Value>"
                    "</member></Attributes>",
                    group->delay);
        return true;
}

/* ---- targets ---- */

/* A target as a request names it. */
static bool read_target(struct call *call, size_t n, const struct target_group *group,
                        struct target *ret)
{
        _cleanup_free_ char *name = xasprintf("Targets.member.%zu.Port", n);
        size_t port = group->port;

        *ret = (struct target){ .registered = USEC_INFINITY };
        ret->instance = xstrdup(param(&call->params, "Targets.member.%zu.Id", n));
        if (!ret->instance)
                return fail(call, "ValidationError", "a target has no Id");
        if (!read_number(call, name, 1, 65535, &port))
                return false;
        ret->port = (unsigned int)port;
        return true;
}

static void target_done(struct target *target)
{
        free(target->instance);
}

static void print_health(struct call *call, const struct target_group *group,
                         const struct target *target)
{
        const char *reason = "Target.NotRegistered";
        enum health health =
                target->registered == USEC_INFINITY
                        ? HEALTH_GONE
                        : target_health(call->location, group, target, call->now, &reason);
        struct text *out = &call->out;

        text_append(out, "<member><Target>");
        xml_text(out, "Id", target->instance);
        xml_number(out, "Port", target->port);
        xml_close(out, "Target");
        text_printf(out, "<HealthCheckPort>%u</HealthCheckPort><TargetHealth>", target->port);
        xml_text(out, "State", health_name(health));
        xml_text(out, "Reason", reason);
        xml_text(out, "Description", reason ? "Told by the simulation" : NULL);
        text_append(out, "</TargetHealth></member>");
}

static const struct target *find_target(const struct target_group *group, const struct target *like)
{
        for (size_t i = 0; i < group->n_targets; i++)
                if (streq(group->targets[i].instance, like->instance) &&
                    group->targets[i].port == like->port)
                        return &group->targets[i];
        return NULL;
}

/* Targets that the request names are in the reply in any case. */
static bool print_asked(struct call *call, const struct target_group *group)
{
        for (size_t n = 0; (n = param_next(&call->params, "Targets.member", n));) {
                _cleanup_(target_done) struct target asked = {};
                const struct target *target;

                if (!read_target(call, n, group, &asked))
                        return false;
                target = find_target(group, &asked);
                print_health(call, group, target ? target : &asked);
        }
        return true;
}

bool describe_target_health(struct call *call)
{
        const struct target_group *group = read_group(call, param(&call->params, "TargetGroupArn"));

        if (!group)
                return false;
        xml_open(&call->out, "TargetHealthDescriptions");
        if (!print_asked(call, group))
                return false;
        for (size_t i = 0; i < group->n_targets && !param_next(&call->params, "Targets.member", 0);
             i++) {
                const char *reason;

                if (target_health(call->location, group, &group->targets[i], call->now, &reason) !=
                    HEALTH_GONE)
                        print_health(call, group, &group->targets[i]);
        }
        xml_close(&call->out, "TargetHealthDescriptions");
        return true;
}

/* All targets are checked before the first one is changed. */
static bool change_targets(struct call *call, bool registers)
{
        struct target_group *group = read_group(call, param(&call->params, "TargetGroupArn"));

        if (!group)
                return false;
        for (int pass = 0; pass < 2; pass++)
                for (size_t n = 0; (n = param_next(&call->params, "Targets.member", n));) {
                        _cleanup_(target_done) struct target asked = {};
                        const struct instance *instance;

                        if (!read_target(call, n, group, &asked))
                                return false;
                        instance = instance_find(call->location, asked.instance, call->now);
                        if (registers &&
                            (!instance || instance_state(instance, call->now) != STATE_RUNNING))
                                return fail(call, "InvalidTarget",
                                            "The following targets are not in a running state and "
                                            "cannot be registered: '%s'",
                                            asked.instance);
                        if (pass && registers)
                                target_register(call->location, group, asked.instance, asked.port,
                                                call->now);
                        else if (pass)
                                target_deregister(group, asked.instance, asked.port, call->now);
                }
        return true;
}

bool register_targets(struct call *call)
{
        return change_targets(call, true);
}

bool deregister_targets(struct call *call)
{
        return change_targets(call, false);
}
