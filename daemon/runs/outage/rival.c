/* Another daemon that works for the same owner, found by the images it makes. */
#include "runs/outage/rival.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"

/* How long an answer serves all tasks of the location. */
#define FRESH (120 * USEC_PER_SEC)
/* Between attempts when EC2 cannot be asked. */
#define RETRY (15 * USEC_PER_SEC)
/* Seconds before and after the searched time: for lists that lag, and for a wall clock that is
 * wrong. */
#define AROUND SEC_PER_DAY

struct rival {
        struct engine *engine;
        struct location *location;
        struct aws_slot *call;
        usec_t looked, failed; /* monotonic: the last answers; 0: none */
        struct settings *by;   /* the settings that images were compared with; or NULL */
        char *error;           /* of the last failure */
        struct refusal refusal;
};

/* ---- evidence of another daemon ---- */

/* When this process began, by EC2's clock. */
static sec_t began(const struct engine *engine, sec_t date)
{
        sec_t now = date ? date : loop_wall(engine->loop);

        return now - (sec_t)((loop_monotonic(engine->loop) - engine->process_began) / USEC_PER_SEC);
}

static bool has_our_name(const struct settings *settings, const struct ec2_image *image)
{
        const char *name = ec2_tag_value(image->tags, image->n_tags, TAG_SCHEDULE);
        const char *time = ec2_tag_value(image->tags, image->n_tags, TAG_TIME);
        const struct setting_schedule *schedule = name ? settings_schedule(settings, name) : NULL;
        _cleanup_free_ char *ours = NULL;
        sec_t firing;

        if (!schedule || !time || !parse_rfc3339(time, &firing))
                return false;
        ours = setting_expand(schedule->image.name, name, image->source_instance, firing);
        return streq(image->name, ours);
}

static bool shows_another(const struct engine *engine, const struct ec2_image *image, sec_t date)
{
        const struct settings *settings = engine->settings;
        const char *daemon = ec2_tag_value(image->tags, image->n_tags, TAG_DAEMON);
        const char *owner = ec2_tag_value(image->tags, image->n_tags, TAG_OWNER);
        const char *instance = ec2_tag_value(image->tags, image->n_tags, TAG_INSTANCE);

        return daemon && !streq(daemon, engine->nonce) && streq(owner, settings->owner) &&
               image->created > began(engine, date) + RIVAL_AFTER && instance &&
               streq(image->source_instance, instance) && has_our_name(settings, image);
}

static void see(struct engine *engine, const struct location *location,
                const struct ec2_image *image, sec_t date)
{
        struct log_about about = { .account = location->account,
                                   .region = location->region,
                                   .image = image->id };
        char time[TIME_TEXT_MAX];

        if (engine->rival || !shows_another(engine, image, date))
                return;
        engine->rival =
                xasprintf("another daemon works with owner %s: it made image %s at %s",
                          engine->settings->owner, image->id, format_rfc3339(image->created, time));
        log_event(
                &events[EVENT_ANOTHER_DAEMON], &about,
                "In %s of account %s %s (%s, tag amid:daemon %s; ours is %s). No instance is "
                "rebooted, stopped or frozen until amid is restarted: end one of the two, or give "
                "it another 'owner', then restart the other.",
                location->region, location->account, engine->rival, image->name,
                ec2_tag_value(image->tags, image->n_tags, TAG_DAEMON), engine->nonce);
        engine->changed(engine->userdata);
}

void rival_see(const struct task *task, const struct ec2_image *image, sec_t date)
{
        see(task->run->engine, task->location, image, date);
}

/* ---- the search ---- */

static void on_images(const struct aws_reply *reply, void *userdata)
{
        struct rival *rival = userdata;
        struct engine *engine = rival->engine;
        const struct ec2_images *found = reply->output;

        location_called(&rival->refusal, &ec2_describe_images, reply);
        if (reply->outcome == AWS_OK) {
                rival->looked = loop_monotonic(engine->loop);
                for (size_t i = 0; i < found->n_images; i++)
                        see(engine, rival->location, &found->images[i], reply->date);
        } else {
                rival->failed = loop_monotonic(engine->loop);
                free(rival->error);
                rival->error =
                        aws_describe_failure(reply, &ec2_describe_images, rival->location->region);
        }
        rival->call = aws_slot_free(rival->call);
        for (struct task *task = engine->down; task; task = task->next_down)
                if (task->location == rival->location && task->step->ask == rival_ask)
                        task_wake(task);
}

/* Values of the filter creation-date for images since the last search, or since this process began.
 * Freed by strings_free(). */
static char **new_dates(const struct rival *rival, size_t *ret_n)
{
        const struct engine *engine = rival->engine;
        usec_t since = rival->looked ? rival->looked : engine->process_began;
        sec_t now, age = (loop_monotonic(engine->loop) - since) / USEC_PER_SEC;
        struct aws_clock clock;

        aws_clock(engine->aws, &clock);
        now = clock.state == AWS_CLOCK_COMPARED ? clock.theirs : loop_wall(engine->loop);
        return ec2_filter_dates(now - age - AROUND, now + AROUND, ret_n);
}

static void look(struct rival *rival)
{
        struct settings *settings = rival->engine->settings;
        struct name_filter owner;
        struct ec2_filter filters[2];
        struct describe_images input = ec2_own_images(filters, ELEMENTS(filters));
        char **dates;
        size_t n;

        if (rival->by != settings) {
                settings_unref(rival->by);
                rival->by = settings_ref(settings);
                rival->looked = 0;
        }
        rival->failed = 0;
        dates = new_dates(rival, &n);
        name_filter_init(&owner, "tag:" TAG_OWNER, settings->owner);
        filters[0] = owner.filter;
        filters[1] = (struct ec2_filter){ .name = "creation-date",
                                          .values = (void *)dates,
                                          .n_values = n };
        rival->call =
                location_call(&rival->refusal, &ec2_describe_images, &input, on_images, rival);
        name_filter_done(&owner);
        strings_free(dates, n);
}

static void rival_free(void *part)
{
        struct rival *rival = part;

        aws_slot_free(rival->call);
        settings_unref(rival->by);
        free(rival->error);
        refusal_done(&rival->refusal);
        free(rival);
}

static struct rival *rival_of(const struct task *task)
{
        struct location *location = task->location;

        if (!location->rival) {
                location->rival = xnew(struct rival);
                location->rival->engine = task->run->engine;
                location_keep(location, rival_free, location->rival);
                location->rival->location = location->rival->refusal.location = location;
        }
        return location->rival;
}

struct verdict rival_ask(struct task *task)
{
        struct engine *engine = task->run->engine;
        struct rival *rival = rival_of(task);
        usec_t now = loop_monotonic(engine->loop);

        if (engine->rival && !MUTANT(ignores_the_second_daemon))
                return step_finish(OUTCOME_FAILED, xasprintf("not touched: %s", engine->rival));
        if (rival->looked && now - rival->looked < FRESH)
                return step_next();
        task_await(task, &rival->refusal);
        if (rival->failed && now - rival->failed < RETRY / 4)
                return step_retry(RETRY, xstrdup(rival->error));
        if (!rival->call)
                look(rival);
        task_set_waiting(task, "a look for another daemon of this owner");
        return step_wait();
}
