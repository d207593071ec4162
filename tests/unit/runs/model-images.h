/*
 * The part of model-ec2.h that is about images and their snapshots: they take their time, and names
 * are taken.
 */
#pragma once

#include "model-ssm.h"

static inline struct model_image *model_find_image(struct model *model, const char *id)
{
        for (size_t i = 0; i < model->n_images; i++)
                if (streq(model->images[i]->id, id))
                        return model->images[i];
        return NULL;
}

/* By EC2's own clock, which nobody sets: right when the first image is made. */
static inline sec_t model_time(struct model *model)
{
        sec_t since_boot = loop_monotonic(model->aws->loop) / USEC_PER_SEC;

        if (!model->boot)
                model->boot = loop_wall(model->aws->loop) - since_boot;
        return model->boot + since_boot;
}

static inline struct model_image *model_add_image(struct model *model, const char *region,
                                                  const char *name)
{
        struct model_image *image = xnew(struct model_image);

        *append(model->images, model->n_images) = image;
        model->next_id++;
        image->id = xasprintf("ami-%04x", model->next_id);
        image->snapshot = xasprintf("snap-%04x", model->next_id);
        image->region = xstrdup(region);
        image->name = xstrdup(name);
        image->created = loop_monotonic(model->aws->loop);
        image->creation_date = model_time(model);
        image->takes = model->takes;
        image->hidden = model->hidden;
        image->percent = -1;
        return image;
}

static inline struct scripted_answer model_create_image(struct model *model, const char *region,
                                                        const struct create_image *input,
                                                        struct ec2_created_image *output)
{
        struct model_instance *instance = model_find_instance(model, input->instance);
        struct model_image *image;

        if (!instance)
                return (struct scripted_answer){ AWS_ERROR, "InvalidInstanceID.NotFound",
                                                 "The instance ID does not exist" };
        for (size_t i = 0; i < model->n_images; i++) {
                if (model->images[i]->gone || !streq(model->images[i]->name, input->name))
                        continue;
                model->refused++;
                return (struct scripted_answer){ AWS_ERROR, "InvalidAMIName.Duplicate",
                                                 "AMI name is already in use by AMI" };
        }
        image = model_add_image(model, region, input->name);
        image->instance = xstrdup(input->instance);
        image->no_reboot = input->no_reboot;
        image->tags = model_copy_tags(input->tag_specifications[0].tags,
                                      input->tag_specifications[0].n_tags);
        image->n_tags = input->tag_specifications[0].n_tags;
        image->was_stopped = model_state(model, instance) == INSTANCE_STOPPED;
        image->was_frozen = model_is_frozen(model, instance);
        image->thaws_with = xstrdup(image->was_frozen ? instance->token : NULL);
        if (!input->no_reboot && instance->state == INSTANCE_RUNNING)
                model_reboot(model, instance);
        output->id = xstrdup(image->id);
        return (struct scripted_answer){ AWS_OK, NULL, NULL };
}

static inline bool model_is_over(const struct model *model, const struct model_image *image)
{
        return image->takes != USEC_INFINITY &&
               loop_monotonic(model->aws->loop) >= image->created + image->takes;
}

static inline int model_image_state(const struct model *model, const struct model_image *image)
{
        if (!model_is_over(model, image))
                return IMAGE_PENDING;
        return image->fails ? IMAGE_FAILED : IMAGE_AVAILABLE;
}

static inline void model_list_image(const struct model *model, const struct model_image *image,
                                    struct ec2_images *output)
{
        struct ec2_image *row = append(output->images, output->n_images);

        row->id = xstrdup(image->id);
        row->name = xstrdup(image->name);
        row->source_instance = xstrdup(image->instance);
        row->state = model_image_state(model, image);
        row->created = image->creation_date;
        row->launched = image->launched;
        row->protection = xstrdup(image->protection);
        if (row->state == IMAGE_FAILED && image->reason) {
                row->reason_code = xstrdup("Client.InternalError");
                row->reason = xstrdup(image->reason);
        }
        if (row->state == IMAGE_AVAILABLE)
                *append(row->devices, row->n_devices) =
                        (struct ec2_image_device){ xstrdup("/dev/xvda"), xstrdup(image->snapshot) };
        if (row->state == IMAGE_AVAILABLE && image->second)
                *append(row->devices, row->n_devices) =
                        (struct ec2_image_device){ xstrdup("/dev/xvdb"), xstrdup(image->second) };
        row->tags = model_copy_tags(image->tags, image->n_tags);
        row->n_tags = image->n_tags;
}

static inline void model_describe_images(struct model *model, const char *region,
                                         const struct describe_images *input,
                                         struct ec2_images *output)
{
        for (size_t i = 0; i < model->n_images; i++) {
                const struct model_image *image = model->images[i];
                char created[TIME_TEXT_MAX];
                const char *attributes[] = {
                        "image-id",  image->id,       "name",
                        image->name, "creation-date", format_rfc3339(image->creation_date, created),
                        NULL
                };

                usec_t now = loop_monotonic(model->aws->loop);

                if ((image->gone && now >= image->gone_at + image->lingers) ||
                    !streq(image->region, region) || now < image->created + image->hidden ||
                    !model_match(input->filters, input->n_filters, attributes, image->tags,
                                 image->n_tags))
                        continue;
                model_list_image(model, image, output);
        }
}

static inline void model_list_second(const struct model_image *image,
                                     const struct describe_snapshots *input,
                                     struct ec2_snapshots *output)
{
        const char *attributes[] = { "snapshot-id", image->second, NULL };
        struct ec2_snapshot *row;

        if (!image->second || image->second_gone ||
            !model_match(input->filters, input->n_filters, attributes, image->tags, image->n_tags))
                return;
        row = append(output->snapshots, output->n_snapshots);
        row->id = xstrdup(image->second);
        row->description =
                xasprintf("Created by CreateImage(%s) for %s", image->instance, image->id);
        row->state = SNAPSHOT_COMPLETED;
        row->tags = model_copy_tags(image->tags, image->n_tags);
        row->n_tags = image->n_tags;
}

static inline void model_describe_snapshots(struct model *model, const char *region,
                                            const struct describe_snapshots *input,
                                            struct ec2_snapshots *output)
{
        usec_t now = loop_monotonic(model->aws->loop);

        for (size_t i = 0; i < model->n_images; i++) {
                const struct model_image *image = model->images[i];
                const char *attributes[] = { "snapshot-id", image->snapshot, NULL };
                struct ec2_snapshot *row;
                int percent = image->percent >= 0 || image->takes == USEC_INFINITY
                                      ? image->percent
                                      : (int)((now - image->created) * 100 / (image->takes + 1));

                if (streq(image->region, region))
                        model_list_second(image, input, output);
                if (image->snapshot_gone ||
                    loop_monotonic(model->aws->loop) < image->snapshot_unlisted ||
                    !streq(image->region, region) ||
                    !model_match(input->filters, input->n_filters, attributes, image->tags,
                                 image->n_tags))
                        continue;
                row = append(output->snapshots, output->n_snapshots);
                row->id = xstrdup(image->snapshot);
                row->description = image->description
                                           ? xstrdup(image->description)
                                           : xasprintf("Created by CreateImage(%s) for %s",
                                                       image->instance, image->id);
                row->started = loop_wall(model->aws->loop);
                row->state = !model_is_over(model, image) ? SNAPSHOT_PENDING
                             : image->snapshot_error      ? SNAPSHOT_ERROR
                                                          : SNAPSHOT_COMPLETED;
                if (row->state == SNAPSHOT_ERROR)
                        row->message = xstrdup(image->snapshot_error);
                if (percent >= 0)
                        row->progress = xasprintf("%d%%", percent > 100 ? 100 : percent);
                row->tags = model_copy_tags(image->tags, image->n_tags);
                row->n_tags = image->n_tags;
        }
}

static inline struct scripted_answer model_deregister(struct model *model, const char *id)
{
        struct model_image *image = model_find_image(model, id);

        if (!image || image->gone)
                return (struct scripted_answer){ AWS_ERROR, "InvalidAMIID.Unavailable",
                                                 "The image ID is no longer available" };
        if (startswith(image->protection ? image->protection : "", "enabled"))
                return (struct scripted_answer){ AWS_ERROR, "OperationNotPermitted",
                                                 "The image is protected" };
        image->gone = true;
        image->gone_at = loop_monotonic(model->aws->loop);
        return (struct scripted_answer){ AWS_OK, NULL, NULL };
}

static inline struct scripted_answer model_delete_snapshot(struct model *model, const char *id)
{
        for (size_t i = 0; i < model->n_images; i++) {
                struct model_image *image = model->images[i];

                if (streq(image->second, id) && !image->second_gone) {
                        image->second_gone = true;
                        return (struct scripted_answer){ AWS_OK, NULL, NULL };
                }
                if (!streq(image->snapshot, id) || image->snapshot_gone)
                        continue;
                if (!image->gone)
                        return (struct scripted_answer){ AWS_ERROR, "InvalidSnapshot.InUse",
                                                         "The snapshot is in use" };
                if (image->also_used_by)
                        return (struct scripted_answer){ AWS_ERROR, "InvalidSnapshot.InUse",
                                                         image->also_used_by };
                image->snapshot_gone = true;
                return (struct scripted_answer){ AWS_OK, NULL, NULL };
        }
        return (struct scripted_answer){ AWS_ERROR, "InvalidSnapshot.NotFound",
                                         "The snapshot does not exist" };
}

static inline void model_create_tags(struct model *model, const struct create_tags *input)
{
        for (size_t i = 0; i < input->n_ids; i++) {
                struct model_image *image = model_find_image(model, input->ids[i]);

                for (size_t j = 0; image && j < input->n_tags; j++)
                        model_set_tag(&image->tags, &image->n_tags, input->tags[j].key,
                                      input->tags[j].value);
        }
}
