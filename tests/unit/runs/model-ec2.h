/*
 * As much of an EC2 as runs/ can tell from a real one: instances that reboot and are checked once
 * in a while, images and snapshots that take their time, names that are taken. The handler of
 * scripted-ec2.h; everything is decided when the call is sent.
 */
#pragma once

#include "model-elb.h"
#include "model-images.h"

static inline struct scripted_answer model_answer(struct aws *aws, const char *region,
                                                  const struct action *action, const void *input,
                                                  void *output)
{
        struct model *model = aws->userdata;

        model_elb_watch(model, action, input);
        if (action == &ec2_describe_instances)
                model_describe_instances(model, region, input, output);
        else if (action == &ec2_describe_instance_status)
                return model_describe_status(model, input, output);
        else if (action == &ec2_describe_images)
                model_describe_images(model, region, input, output);
        else if (action == &ec2_describe_snapshots)
                model_describe_snapshots(model, region, input, output);
        else if (action == &ec2_create_image)
                return model_create_image(model, region, input, output);
        else if (action == &ec2_deregister_image)
                return model_deregister(model, ((const struct deregister_image *)input)->image);
        else if (action == &ec2_delete_snapshot)
                return model_delete_snapshot(model,
                                             ((const struct delete_snapshot *)input)->snapshot);
        else if (action == &ec2_create_tags)
                model_create_tags(model, input);
        else if (action == &ec2_stop_instances)
                return model_stop(model, input);
        else if (action == &ec2_start_instances)
                return model_start(model, input, output);
        else if (action == &ec2_describe_regions)
                ; /* nobody reads them: it is asked for the Date of the answer */
        else if (action == &ec2_describe_instance_types)
                model_describe_types(model, input, output);
        else if (action == &ssm_send_command)
                return model_send_command(model, input, output);
        else if (action == &ssm_get_command_invocation)
                return model_get_invocation(model, input, output);
        else
                return model_elb_answer(model, action, input, output);
        return (struct scripted_answer){ AWS_OK, NULL, NULL };
}

static inline void model_init(struct model *model, struct aws *aws)
{
        *model = (struct model){ .aws = aws, .takes = 120 * USEC_PER_SEC };
        aws->handler = model_answer;
        aws->userdata = model;
}

static inline void model_done(struct model *model)
{
        for (size_t i = 0; i < model->n_instances; i++) {
                struct model_instance *instance = model->instances[i];

                free(instance->id);
                free(instance->region);
                free(instance->zone);
                free(instance->image);
                free(instance->lifecycle);
                free(instance->address);
                free(instance->type);
                free(instance->token);
                free(instance->thawed);
                model_free_tags(instance->tags, instance->n_tags);
                free(instance);
        }
        for (size_t i = 0; i < model->n_images; i++) {
                struct model_image *image = model->images[i];

                free(image->id);
                free(image->region);
                free(image->name);
                free(image->instance);
                free(image->snapshot);
                free(image->second);
                free(image->thaws_with);
                model_free_tags(image->tags, image->n_tags);
                free(image);
        }
        for (size_t i = 0; i < model->n_commands; i++) {
                free(model->commands[i].id);
                free(model->commands[i].output);
        }
        model_elb_done(model->elb);
        free(model->commands);
        free(model->instances);
        free(model->images);
}
