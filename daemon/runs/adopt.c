#include "runs/adopt.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/place.h"

static struct verdict adoption_ask(struct task *task)
{
        const char *self = "self";
        struct name_filter owner;

        name_filter_init(&owner, "tag:" TAG_OWNER, task->run->settings->owner);
        task_call(task, &ec2_describe_images,
                  &(struct describe_images){
                          .owners = &self,
                          .n_owners = 1,
                          .filters = &owner.filter,
                          .n_filters = 1,
                          .include_disabled = true,
                  });
        name_filter_done(&owner);
        return stay();
}

/* Writes the row of an image that has all our tags and no row yet. */
static bool adopt_image(struct task *task, const struct ec2_image *image)
{
        struct store *store = task->run->engine->store;
        _cleanup_free_ char *snapshots = image_snapshots(image);
        const char *time = ec2_tag_value(image->tags, image->n_tags, TAG_TIME);
        const char *schedule = ec2_tag_value(image->tags, image->n_tags, TAG_SCHEDULE);
        const char *run = ec2_tag_value(image->tags, image->n_tags, TAG_RUN);
        const char *instance = ec2_tag_value(image->tags, image->n_tags, TAG_INSTANCE);
        const char *consistency = ec2_tag_value(image->tags, image->n_tags, TAG_CONSISTENCY);
        const char *state = image_state_names[image->state];
        struct store_image row;
        sec_t firing;

        if (!time || !schedule || !run || !instance || !parse_rfc3339(time, &firing))
                return false;
        if (store_load_image(store, task->row.account, task->row.region, image->id, &row) > 0) {
                store_image_done(&row);
                return false;
        }
        row = (struct store_image){
                .account = xstrdup(task->row.account),
                .region = xstrdup(task->row.region),
                .id = xstrdup(image->id),
                .name = xstrdup(image->name),
                .schedule = xstrdup(schedule),
                .run = xstrdup(run),
                .instance = xstrdup(instance),
                .firing = firing,
                .consistency = xstrdup(consistency ? consistency : PROVEN_CRASH),
                .outcome = outcome_of_tag(ec2_tag_value(image->tags, image->n_tags, TAG_OUTCOME)),
                .state = xstrdup(state ? state : "other"),
                .snapshots = steal(snapshots),
                .created = image->created,
                .removed = SEC_NONE,
        };
        store_save_image(store, &row);
        store_image_done(&row);
        return true;
}

static struct verdict adoption_answer(struct task *task, const struct aws_reply *reply)
{
        const struct ec2_images *found = reply->output;
        struct engine *engine = task->run->engine;
        struct log_about about = task_about(task);
        size_t adopted = 0;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_images);
        store_begin(engine->store);
        for (size_t i = 0; i < found->n_images; i++)
                adopted += adopt_image(task, &found->images[i]);
        if (store_commit(engine->store) < 0)
                return again(10 * USEC_PER_SEC, xasprintf("the images cannot be recorded: %s",
                                                          store_error(engine->store)));
        log_event(&events[EVENT_IMAGES_ADOPTED], &about,
                  "%zu image%s adopted in %s (%zu carry our tags).", adopted,
                  adopted == 1 ? "" : "s", task->row.region, found->n_images);
        return next();
}

static const struct step adoption_steps[] = {
        { .name = "find-images",
          .ask = adoption_ask,
          .answer = adoption_answer,
          .patience = SEC_PER_HOUR,
          .looks = true },
        {},
};

const struct task_kind adoption_task = { .name = "adoption", .steps = adoption_steps };

static void add_adoption_task(struct place *place, void *userdata)
{
        run_add_task(userdata, &adoption_task, place, "");
}

struct verdict adopt_begin(struct run *run)
{
        char *error = places_of(run->engine, run->settings, NULL, add_adoption_task, run);

        return error ? finish(OUTCOME_FAILED, error) : next();
}
