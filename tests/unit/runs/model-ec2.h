/*
 * As much of an EC2 as runs/ can tell from a real one: instances that reboot and are checked once
 * in a while, images and snapshots that take their time, names that are taken. The handler of
 * scripted-ec2.h; everything is decided when the call is sent.
 */
#pragma once

#include "aws/ec2.h"
#include "aws/ssm.h"
#include "scripted-ec2.h"

struct model_instance {
        char *id, *region, *zone;
        int state;   /* enum instance_state */
        sec_t launched; /* LaunchTime: when it was started last */
        char *image; /* it was started from */
        struct ec2_tag *tags;
        size_t n_tags;
        bool reboots; /* since `rebooted` */
        usec_t rebooted;
        usec_t stale, back;    /* after a reboot: checks are still ok so long; ok again after */
        sec_t impaired, heals; /* its check fails from then until then, whatever it does */
        usec_t changes;        /* while stopping or pending: when that is over */
        usec_t stopping;       /* it takes so long to stop */
        bool falling;          /* the start that is under way does */
        unsigned int falls;    /* so many starts are taken, and end stopped again, for this: */
        const char *reason_code, *reason;
        unsigned int outages;
        char *lifecycle, *address, *type; /* or NULL */
        bool has_disks;
        /* The scripts of amid, as far as SSM can tell: frozen now by `token` until `thaws`; what
         * the last thaw says; no agent. */
        char *token, *thawed;
        usec_t thaws;
        bool no_agent, cannot_freeze, cannot_thaw;
        const char *unreported; /* of its freeze, which runs, SSM says this at last */
        const char *clean; /* what the boot probe says of the last shutdown */
};

struct model_image {
        char *id, *region, *name, *instance, *snapshot;
        struct ec2_tag *tags;
        size_t n_tags;
        usec_t created;
        sec_t creation_date;
        usec_t takes;       /* until available; USEC_INFINITY: for ever */
        usec_t hidden;      /* not listed for so long */
        bool fails;         /* instead of becoming available */
        const char *reason; /* StateReason */
        const char *snapshot_error;
        usec_t lingers, gone_at; /* listed so long after it was deregistered, and when that was */
        bool no_reboot, gone, snapshot_gone;
        bool was_stopped, was_frozen; /* the instance, when it was made */
        char *thaws_with;             /* the freeze it was made in */
        const char *protection;       /* from deregistration */
        const char *also_used_by;     /* the snapshot, by this other image */
        const char *description;      /* of the snapshot, if CreateImage did not make it */
        char *second;                 /* a snapshot of its other volume; or NULL */
        bool second_gone;
        usec_t snapshot_unlisted; /* monotonic: lists do not contain the snapshot until then */
        int percent;                  /* -1: as time goes; else it stands there */
};

struct model_command {
        char *id, *output; /* what the script prints in the end */
        usec_t ends;
        bool fails;
        const char *unreported;
};

struct model {
        struct aws *aws;
        struct model_instance **instances;
        size_t n_instances;
        struct model_image **images;
        size_t n_images;
        usec_t takes, hidden; /* of new images */
        sec_t boot; /* of EC2's clock, when the monotonic one was 0; 0: no image was made yet */
        unsigned int next_id;
        unsigned int most_down;
        unsigned int refused;  /* names that were taken */
        struct model_elb *elb; /* NULL: there are no load balancers */
        struct model_command *commands;
        size_t n_commands;
};

/* ---- tags and filters ---- */

static inline struct ec2_tag *model_copy_tags(const struct ec2_tag *tags, size_t n)
{
        struct ec2_tag *copy = NULL;

        for (size_t n_copy = 0; n_copy < n;) {
                const struct ec2_tag *tag = &tags[n_copy];

                *append(copy, n_copy) = (struct ec2_tag){ xstrdup(tag->key), xstrdup(tag->value) };
        }
        return copy;
}

static inline void model_free_tags(struct ec2_tag *tags, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                free(tags[i].key);
                free(tags[i].value);
        }
        free(tags);
}

static inline void model_set_tag(struct ec2_tag **tags, size_t *n, const char *key,
                                 const char *value)
{
        for (size_t i = 0; i < *n; i++) {
                if (streq((*tags)[i].key, key)) {
                        xreplace(&(*tags)[i].value, value);
                        return;
                }
        }
        *append(*tags, *n) = (struct ec2_tag){ xstrdup(key), xstrdup(value) };
}

static inline bool model_filter_has(const struct ec2_filter *filter, const char *value)
{
        for (size_t i = 0; value && i < filter->n_values; i++) {
                _cleanup_free_ char *literal = ec2_filter_literal(value);

                if (streq(filter->values[i], literal))
                        return true;
        }
        return false;
}

/* Whether all filters hold; `names` and `values` are the attributes there are, in pairs. */
static inline bool model_match(const struct ec2_filter *filters, size_t n,
                               const char *const *attributes, const struct ec2_tag *tags,
                               size_t n_tags)
{
        for (size_t i = 0; i < n; i++) {
                const char *value = NULL, *key = startswith(filters[i].name, "tag:");

                if (key)
                        value = ec2_tag_value(tags, n_tags, key);
                for (const char *const *a = attributes; !key && *a; a += 2)
                        if (streq(*a, filters[i].name))
                                value = a[1];
                if (!model_filter_has(&filters[i], value))
                        return false;
        }
        return true;
}

#include "model-elb.h"
#include "model-ssm.h"

/* ---- instances ---- */

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

/* ---- images ---- */

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
                const char *attributes[] = { "image-id", image->id, "name", image->name, NULL };

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
