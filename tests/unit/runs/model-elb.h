/*
 * The part of model-ec2.h that is about load balancers and Auto Scaling: target groups that find an
 * instance healthy a while after it runs, and drain it a while; groups that put it into standby.
 * It also watches: who was out of service at once, and who was touched while in service.
 */
#pragma once

#include "aws/services/autoscaling.h"
#include "aws/services/elb.h"
#include "model-instances.h"
#include "runs/images/naming.h"

struct model_target {
        char *instance;
        unsigned int port;
        bool registered;
        usec_t since, drained; /* registered since; or drained then */
};
struct model_group {
        char *arn;
        const char *type;   /* "instance" */
        usec_t rise, drain; /* until a target is healthy, and until it is out */
        bool gone;
        struct model_target *targets;
        size_t n_targets;
        size_t most_out; /* targets that were not healthy at one moment */
};
struct model_member {
        char *instance;
        int lifecycle, becomes; /* enum lifecycle_state; from `changes` on */
        usec_t changes;
};
struct model_elb {
        struct model_group **groups;
        size_t n_groups;
        /* one Auto Scaling group, "web" */
        unsigned int min, desired;
        struct model_member *members;
        size_t n_members;
        unsigned int touched_in_service;
        const char *never_healthy; /* an instance, once it was touched */
};

static inline struct model_elb *model_elb(struct model *model)
{
        if (!model->elb)
                model->elb = xnew(struct model_elb);
        return model->elb;
}

static inline struct model_group *model_add_group(struct model *model, const char *name)
{
        struct model_elb *elb = model_elb(model);
        struct model_group *group = xnew(struct model_group);

        *append(elb->groups, elb->n_groups) = group;
        group->arn = xasprintf("arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/%s/%zu", name,
                               elb->n_groups);
        group->type = "instance";
        group->rise = 60 * USEC_PER_SEC;
        group->drain = 90 * USEC_PER_SEC;
        return group;
}

static inline struct model_target *model_find_target(struct model_group *group, const char *id,
                                                     unsigned int port)
{
        for (size_t i = 0; i < group->n_targets; i++)
                if (streq(group->targets[i].instance, id) && group->targets[i].port == port)
                        return &group->targets[i];
        return NULL;
}

static inline void model_add_target(struct model_group *group, const char *id, unsigned int port)
{
        *append(group->targets, group->n_targets) =
                (struct model_target){ .instance = xstrdup(id), .port = port, .registered = true };
}

static inline void model_add_member(struct model *model, struct model_instance *instance)
{
        struct model_elb *elb = model_elb(model);

        *append(elb->members, elb->n_members) = (struct model_member){
                .instance = xstrdup(instance->id),
                .lifecycle = LIFECYCLE_IN_SERVICE,
                .becomes = LIFECYCLE_IN_SERVICE,
        };
        elb->desired++;
        model_set_tag(&instance->tags, &instance->n_tags, TAG_AUTO_SCALING, "web");
}

static inline int model_lifecycle(const struct model *model, struct model_member *member)
{
        if (loop_monotonic(model->aws->loop) >= member->changes)
                member->lifecycle = member->becomes;
        return member->lifecycle;
}

/* -1: no longer there. */
static inline int model_target_state(struct model *model, const struct model_group *group,
                                     const struct model_target *target)
{
        struct model_instance *instance = model_find_instance(model, target->instance);
        usec_t now = loop_monotonic(model->aws->loop), up = target->since;

        if (!target->registered)
                return now < target->drained ? (int)TARGET_DRAINING : -1;
        if (model_state(model, instance) != INSTANCE_RUNNING)
                return TARGET_UNUSED;
        if (model_is_down(model, instance) ||
            (instance->outages && streq(model->elb->never_healthy, instance->id)))
                return TARGET_UNHEALTHY;
        if (instance->reboots && instance->rebooted + instance->back > up)
                up = instance->rebooted + instance->back;
        return up && now < up + group->rise ? TARGET_INITIAL : TARGET_HEALTHY;
}

/* Before each call: who is out, and is anybody touched who is not? */
static inline void model_elb_watch(struct model *model, const struct action *action,
                                   const void *input)
{
        const char *touched = NULL;

        if (!model->elb)
                return;
        if (action == &ec2_create_image && !((const struct create_image *)input)->no_reboot)
                touched = ((const struct create_image *)input)->instance;
        if (action == &ec2_stop_instances)
                touched = ((const struct change_instances *)input)->ids[0];
        for (size_t i = 0; i < model->elb->n_groups; i++) {
                struct model_group *group = model->elb->groups[i];
                size_t out = 0;

                for (size_t j = 0; j < group->n_targets; j++) {
                        int state = model_target_state(model, group, &group->targets[j]);

                        out += state != TARGET_HEALTHY;
                        model->elb->touched_in_service +=
                                touched && state >= 0 && streq(group->targets[j].instance, touched);
                }
                if (out > group->most_out)
                        group->most_out = out;
        }
        for (size_t i = 0; i < model->elb->n_members; i++)
                model->elb->touched_in_service +=
                        touched && streq(model->elb->members[i].instance, touched) &&
                        model_lifecycle(model, &model->elb->members[i]) != LIFECYCLE_STANDBY;
}

static inline struct model_group *model_group_of(struct model *model, const char *arn)
{
        for (size_t i = 0; i < model->elb->n_groups; i++)
                if (streq(model->elb->groups[i]->arn, arn) && !model->elb->groups[i]->gone)
                        return model->elb->groups[i];
        return NULL;
}

static inline void model_describe_groups(const struct model *model,
                                         struct elb_target_groups *output)
{
        for (size_t i = 0; i < model->elb->n_groups; i++)
                if (!model->elb->groups[i]->gone)
                        *append(output->groups, output->n_groups) = (struct elb_target_group){
                                .arn = xstrdup(model->elb->groups[i]->arn),
                                .target_type = xstrdup(model->elb->groups[i]->type),
                        };
}

static inline void model_describe_health(struct model *model, struct model_group *group,
                                         struct elb_healths *output)
{
        for (size_t i = 0; i < group->n_targets; i++) {
                int state = model_target_state(model, group, &group->targets[i]);

                if (state < 0)
                        continue;
                *append(output->healths, output->n_healths) = (struct elb_health){
                        .id = xstrdup(group->targets[i].instance),
                        .port = group->targets[i].port,
                        .state = state,
                        .reason = xstrdup(state == TARGET_UNHEALTHY ? "Target.FailedHealthChecks"
                                                                    : NULL),
                };
        }
}

static inline struct scripted_answer model_change_targets(struct model *model, bool to,
                                                          const struct elb_change_targets *input)
{
        struct model_group *group = model_group_of(model, input->group);
        usec_t now = loop_monotonic(model->aws->loop);

        for (size_t i = 0; group && i < input->n_targets; i++) {
                struct model_target *target =
                        model_find_target(group, input->targets[i].id, input->targets[i].port);
                struct model_instance *instance = model_find_instance(model, input->targets[i].id);

                if (to && model_state(model, instance) != INSTANCE_RUNNING)
                        return (struct scripted_answer){ AWS_ERROR, "InvalidTarget",
                                                         "The target is not running" };
                assert_non_null(target); /* only what was there before is put back */
                if (target->registered == to)
                        continue;
                target->registered = to;
                target->since = now;
                target->drained = now + group->drain;
        }
        return (struct scripted_answer){ group ? AWS_OK : AWS_ERROR, "TargetGroupNotFound", "" };
}

static inline struct scripted_answer model_standby(struct model *model, bool enter, const char *id)
{
        struct model_elb *elb = model->elb;

        for (size_t i = 0; i < elb->n_members; i++) {
                struct model_member *member = &elb->members[i];

                if (!streq(member->instance, id))
                        continue;
                if (model_lifecycle(model, member) !=
                            (enter ? LIFECYCLE_IN_SERVICE : LIFECYCLE_STANDBY) ||
                    (enter && elb->desired <= elb->min))
                        break;
                member->lifecycle = enter ? LIFECYCLE_ENTERING_STANDBY : LIFECYCLE_PENDING;
                member->becomes = enter ? LIFECYCLE_STANDBY : LIFECYCLE_IN_SERVICE;
                member->changes = loop_monotonic(model->aws->loop) + 20 * USEC_PER_SEC;
                elb->desired += enter ? -1U : 1U;
                return (struct scripted_answer){ AWS_OK, NULL, NULL };
        }
        return (struct scripted_answer){ AWS_ERROR, "ValidationError", "not in the state for it" };
}

static inline void model_describe_member(struct model *model, const char *id,
                                         struct autoscaling_instances *output)
{
        for (size_t i = 0; i < model->elb->n_members; i++)
                if (streq(model->elb->members[i].instance, id))
                        *append(output->instances,
                                output->n_instances) = (struct autoscaling_instance){
                                .id = xstrdup(id),
                                .group = xstrdup("web"),
                                .lifecycle = model_lifecycle(model, &model->elb->members[i]),
                        };
}

static inline struct scripted_answer
model_elb_answer(struct model *model, const struct action *action, const void *input, void *output)
{
        struct scripted_answer ok = { AWS_OK, NULL, NULL };

        if (!model->elb)
                return ok;
        if (action == &elb_describe_target_groups) {
                model_describe_groups(model, output);
        } else if (action == &elb_describe_target_health) {
                struct model_group *group = model_group_of(
                        model, ((const struct elb_describe_target_health *)input)->group);

                if (!group)
                        return (struct scripted_answer){ AWS_ERROR, "TargetGroupNotFound", "" };
                model_describe_health(model, group, output);
        } else if (action == &elb_register_targets || action == &elb_deregister_targets) {
                return model_change_targets(model, action == &elb_register_targets, input);
        } else if (action == &autoscaling_describe_instances) {
                model_describe_member(
                        model, ((const struct autoscaling_describe_instances *)input)->ids[0],
                        output);
        } else if (action == &autoscaling_describe_groups) {
                struct autoscaling_groups *groups = output;

                *append(groups->groups, groups->n_groups) = (struct autoscaling_group){
                        .name = xstrdup("web"),
                        .min = model->elb->min,
                        .desired = model->elb->desired,
                };
        } else if (action == &autoscaling_enter_standby) {
                return model_standby(model, true,
                                     ((const struct autoscaling_enter_standby *)input)->ids[0]);
        } else if (action == &autoscaling_exit_standby) {
                return model_standby(model, false,
                                     ((const struct autoscaling_exit_standby *)input)->ids[0]);
        }
        return ok;
}

static inline void model_elb_done(struct model_elb *elb)
{
        for (size_t i = 0; elb && i < elb->n_groups; i++) {
                for (size_t j = 0; j < elb->groups[i]->n_targets; j++)
                        free(elb->groups[i]->targets[j].instance);
                free(elb->groups[i]->targets);
                free(elb->groups[i]->arn);
                free(elb->groups[i]);
        }
        for (size_t i = 0; elb && i < elb->n_members; i++)
                free(elb->members[i].instance);
        if (elb) {
                free(elb->groups);
                free(elb->members);
        }
        free(elb);
}
