/*
 * The part of model-ec2.h that is about instances: they reboot, stop and start, and are checked
 * once in a while.
 */
#pragma once

#include "model.h"

static inline struct model_instance *model_find_instance(struct model *model, const char *id)
{
        for (size_t i = 0; i < model->n_instances; i++)
                if (streq(model->instances[i]->id, id))
                        return model->instances[i];
        return NULL;
}

static inline struct model_instance *model_add_instance(struct model *model, const char *id,
                                                        const char *region, const char *key,
                                                        const char *value)
{
        struct model_instance *instance = xnew(struct model_instance);

        *append(model->instances, model->n_instances) = instance;
        instance->id = xstrdup(id);
        instance->region = xstrdup(region);
        instance->zone = xasprintf("%sa", region);
        instance->image = xstrdup("ami-base");
        instance->state = INSTANCE_RUNNING;
        instance->stale = 60 * USEC_PER_SEC;
        instance->back = 180 * USEC_PER_SEC;
        instance->stopping = 30 * USEC_PER_SEC;
        instance->clean = "yes";
        model_set_tag(&instance->tags, &instance->n_tags, key, value);
        return instance;
}

/* A state that was to change by now has. */
static inline int model_state(const struct model *model, struct model_instance *instance)
{
        usec_t now = loop_monotonic(model->aws->loop);

        if (instance->state == INSTANCE_STOPPING && now >= instance->changes)
                instance->state = INSTANCE_STOPPED;
        if (instance->state == INSTANCE_PENDING && now >= instance->changes)
                instance->state = instance->falling ? INSTANCE_STOPPED : INSTANCE_RUNNING;
        return instance->state;
}

/* Really down, whatever the checks say. */
static inline bool model_is_down(const struct model *model, const struct model_instance *instance)
{
        usec_t now = loop_monotonic(model->aws->loop);

        return instance->reboots &&
               (instance->back == USEC_INFINITY || now < instance->rebooted + instance->back);
}

static inline void model_reboot(struct model *model, struct model_instance *instance)
{
        unsigned int down = 0;

        instance->reboots = true;
        instance->rebooted = loop_monotonic(model->aws->loop);
        instance->outages++;
        for (size_t i = 0; i < model->n_instances; i++)
                down += model_is_down(model, model->instances[i]);
        if (down > model->most_down)
                model->most_down = down;
}

static inline void model_describe_instances(struct model *model, const char *region,
                                            const struct describe_instances *input,
                                            struct ec2_instances *output)
{
        for (size_t i = 0; i < model->n_instances; i++) {
                struct model_instance *instance = model->instances[i];
                const char *attributes[] = {
                        "instance-id",
                        instance->id,
                        "instance-state-name",
                        instance_state_names[model_state(model, instance)],
                        "image-id",
                        instance->image,
                        NULL,
                };
                struct ec2_instance *row;

                if (!streq(instance->region, region) ||
                    !model_match(input->filters, input->n_filters, attributes, instance->tags,
                                 instance->n_tags))
                        continue;
                row = append(output->instances, output->n_instances);
                row->id = xstrdup(instance->id);
                row->zone = xstrdup(instance->zone);
                row->image_id = xstrdup(instance->image);
                row->state = instance->state;
                if (instance->state == INSTANCE_STOPPED && instance->falling) {
                        row->reason_code = xstrdup(instance->reason_code);
                        row->reason_message = xstrdup(instance->reason);
                }
                row->launched = instance->launched;
                row->lifecycle = xstrdup(instance->lifecycle);
                row->type = xstrdup(instance->type);
                row->public_address = xstrdup(instance->address);
                if (instance->address)
                        *append(row->interfaces, row->n_interfaces) =
                                (struct ec2_association){ xstrdup(instance->address),
                                                          xstrdup("amazon") };
                *append(row->devices, row->n_devices) =
                        (struct ec2_instance_device){ xstrdup("/dev/xvda"), xstrdup("vol-1") };
                row->tags = model_copy_tags(instance->tags, instance->n_tags);
                row->n_tags = instance->n_tags;
        }
}

static inline int model_check(const struct model *model, struct model_instance *instance)
{
        usec_t since = loop_monotonic(model->aws->loop) - instance->rebooted;

        if (model_state(model, instance) != INSTANCE_RUNNING)
                return CHECK_NOT_APPLICABLE;
        return model_is_down(model, instance) && since >= instance->stale ? CHECK_INITIALIZING
                                                                          : CHECK_OK;
}

static inline void model_describe_types(struct model *model,
                                        const struct describe_instance_types *input,
                                        struct ec2_instance_types *output)
{
        for (size_t i = 0; i < model->n_instances; i++) {
                const struct model_instance *instance = model->instances[i];

                if (output->n_types == 0 && instance->type &&
                    model_filter_has(&input->filters[0], instance->type))
                        *append(output->types, output->n_types) = (struct ec2_instance_type){
                                .name = xstrdup(instance->type),
                                .instance_storage = instance->has_disks,
                        };
        }
}

static inline struct scripted_answer
model_describe_status(struct model *model, const struct describe_instance_status *input,
                      struct ec2_instance_statuses *output)
{
        for (size_t i = 0; i < input->n_ids; i++) {
                struct model_instance *instance = model_find_instance(model, input->ids[i]);
                struct ec2_instance_status *row;

                if (!instance)
                        return (struct scripted_answer){ AWS_ERROR, "InvalidInstanceID.NotFound",
                                                         "The instance ID 'i-?' does not exist" };
                row = append(output->statuses, output->n_statuses);
                row->id = xstrdup(instance->id);
                row->state = model_state(model, instance);
                row->system = model_check(model, instance);
                row->instance = row->system;
                if (loop_wall(model->aws->loop) >= instance->heals ||
                    loop_wall(model->aws->loop) < instance->impaired)
                        continue;
                row->instance = CHECK_IMPAIRED;
                append(row->instance_details, row->n_instance_details)->impaired =
                        instance->impaired;
        }
        return (struct scripted_answer){ AWS_OK, NULL, NULL };
}

static inline struct scripted_answer model_stop(struct model *model,
                                                const struct change_instances *input)
{
        struct model_instance *instance = model_find_instance(model, input->ids[0]);

        if (!instance)
                return (struct scripted_answer){ AWS_ERROR, "InvalidInstanceID.NotFound",
                                                 "The instance ID does not exist" };
        if (model_state(model, instance) == INSTANCE_PENDING ||
            instance->state == INSTANCE_TERMINATED)
                return (struct scripted_answer){ AWS_ERROR, "IncorrectInstanceState", "" };
        if (instance->state == INSTANCE_RUNNING) {
                instance->state = INSTANCE_STOPPING;
                instance->changes = loop_monotonic(model->aws->loop) + instance->stopping;
                instance->outages++;
                free(steal(instance->token));
        }
        return (struct scripted_answer){ AWS_OK, NULL, NULL };
}

static inline struct scripted_answer model_start(struct model *model,
                                                 const struct change_instances *input,
                                                 struct ec2_instance_changes *output)
{
        struct model_instance *instance = model_find_instance(model, input->ids[0]);
        usec_t now = loop_monotonic(model->aws->loop);

        if (!instance)
                return (struct scripted_answer){ AWS_ERROR, "InvalidInstanceID.NotFound",
                                                 "The instance ID does not exist" };
        if (model_state(model, instance) == INSTANCE_STOPPING ||
            instance->state == INSTANCE_TERMINATED)
                return (struct scripted_answer){ AWS_ERROR, "IncorrectInstanceState", "" };
        *append(output->changes, output->n_changes) = (struct ec2_instance_change){
                .id = xstrdup(instance->id),
                .current = INSTANCE_PENDING,
                .previous = instance->state,
        };
        if (instance->state == INSTANCE_STOPPED) {
                instance->state = INSTANCE_PENDING;
                instance->falling = instance->falls > 0;
                instance->falls -= instance->falling;
                instance->launched = loop_wall(model->aws->loop);
                instance->changes = now + 20 * USEC_PER_SEC;
                instance->reboots = true;
                instance->rebooted = now - instance->stale; /* no check is ok from before */
        }
        return (struct scripted_answer){ AWS_OK, NULL, NULL };
}
