/*
 * find-image: the lookup of an image by its name, when the outcome of CreateImage is not known, or
 * EC2 says that the name is taken.
 *
 * CreateImage has no client token: the name makes an image unique. Anybody can use a name, so an
 * image is taken over only when SourceInstanceId, CreationDate and the tags of the create call are
 * those that the task has asked for. CopyImage makes images of the same name, so each image under
 * it is compared.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/backup/backup.h"
#include "runs/outage/rival.h"

/* After an unknown outcome there are LOOKUPS lookups, after 2 s, 4 s, 8 s, then every 15 s, before
 * the next call: DescribeImages lags behind CreateImage by seconds, at times by minutes. If the
 * image exists after all, EC2 refuses the name. After ROUNDS calls, or when no call may be made any
 * more, LOOKUPS_AT_MOST in a row prove that there is none; LOOKUPS_IN_HASTE, over some five
 * minutes, where the instance has been kept down for ready_timeout. */
enum { LOOKUPS = 6, ROUNDS = 12, LOOKUPS_AT_MOST = 72, LOOKUPS_IN_HASTE = 20 };
#define HASTE_AT_MOST (300 * USEC_PER_SEC) /* the same, where EC2 does not answer */
#define LOOK_SOON     (2 * USEC_PER_SEC)
#define LOOK_LATER    (15 * USEC_PER_SEC)
#define LOOK_CALMLY   (300 * USEC_PER_SEC) /* once the instance is restored */
/* How much this machine's clock may differ from EC2's, where EC2 does not tell the time.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
#define CLOCKS_DIFFER (5 * SEC_PER_MIN)

struct verdict find_ask(struct task *task)
{
        struct name_filter filter;
        struct describe_images input;

        name_filter_init(&filter, "name", task->row.name);
        input = ec2_own_images(&filter.filter, 1);
        task_call(task, &ec2_describe_images, &input);
        name_filter_done(&filter);
        return step_wait();
}

/* ---- nothing is found ---- */

static usec_t look_delay(unsigned int lookups)
{
        usec_t delay = LOOK_SOON << (lookups < 4 ? lookups : 3);

        return delay < LOOK_LATER ? delay : LOOK_LATER;
}

/* "the name N is taken by ami-1: WHY; ..."; takes `misfit`. */
static char *taken_text(const struct task *task, char *misfit)
{
        _cleanup_free_ char *why = misfit;

        return xasprintf("the name %s is taken by %s; deregister that image if nobody needs it, or "
                         "change image.name",
                         task->row.name, why);
}

static char *unknown_text(struct task *task)
{
        char *misfit = steal(backup_state(task)->misfit);

        if (misfit)
                return taken_text(task, misfit);
        return xasprintf("it cannot be told whether EC2 made the image named %s: the call was not "
                         "answered, or says so, yet no such image is listed",
                         task->row.name);
}

/* Restores the instance first; the image is looked up afterwards. Takes `why`. */
static struct verdict find_later(struct task *task, char *why)
{
        struct verdict verdict = image_give_up(task, OUTCOME_FAILED, why);

        if (verdict.move != MOVE_FINISH)
                return verdict;
        image_note_failure(task, verdict.detail);
        return step_goto("look-for-image");
}

static struct verdict find_nothing(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        struct verdict may = create_may(task);
        unsigned int lookups = backup->lookups++;
        bool in_time = create_time_left(task) > 0;

        backup->may_exist = true;
        if (may.move != MOVE_FINISH && in_time && lookups >= LOOKUPS - 1 &&
            backup->rounds < ROUNDS) {
                backup->rounds++;
                backup->lookups = 0;
                image_look_again_if_stopped(task);
                return step_goto("create-image");
        }
        if (lookups >= (in_time ? LOOKUPS_AT_MOST : LOOKUPS_IN_HASTE) ||
            MUTANT(gives_up_unknown_images)) {
                if (may.move == MOVE_FINISH)
                        return image_give_up(task, may.outcome, may.detail);
                return in_time ? image_give_up(task, OUTCOME_FAILED, unknown_text(task))
                               : find_later(task, unknown_text(task));
        }
        free(may.detail);
        return step_retry(
                look_delay(lookups),
                xasprintf("looking for the image named %s: the outcome of the call is not known",
                          task->row.name));
}

sec_t image_held_until(struct task *task)
{
        static const char *const steps[] = { "create-image", "check-again", "check-status-again",
                                             "find-image" };
        usec_t left = USEC_INFINITY, looking;

        for (size_t i = 0; i < ELEMENTS(steps); i++)
                if (streq(task->step->name, steps[i]))
                        left = create_time_left(task);
        if (left == USEC_INFINITY)
                return SEC_NONE;
        looking = backup_state(task)->outcome_unknown ? HASTE_AT_MOST : 0;
        if (!left)
                looking -= create_overtime(task) < looking ? create_overtime(task) : looking;
        return loop_wall(task->run->engine->loop) + (sec_t)((left + looking) / USEC_PER_SEC);
}

/* EC2 does not answer the lookup. The image may exist, and no other task would follow it; but the
 * instance is not kept down for that. Takes `why`. */
static struct verdict find_unanswered(struct task *task, char *why)
{
        _cleanup_free_ char *reason = why;

        if (create_overtime(task) < HASTE_AT_MOST)
                return step_retry(LOOK_LATER, steal(reason));
        return find_later(task,
                          xasprintf("it cannot be told whether EC2 made the image named %s (%s); "
                                    "if it did, `amictl adopt` takes it in",
                                    task->row.name, reason));
}

/* ---- an image is found ---- */

/* How an image under the name differs from the one that the task has asked for: "ami-1: its
 * SourceInstanceId is i-2, not i-1"; NULL: it is that image. Caller frees. */
static char *find_misfit(const struct task *task, const struct ec2_image *image)
{
        const struct {
                const char *what, *wanted, *found;
        } rows[] = {
                { "SourceInstanceId", task->row.subject, image->source_instance },
                { "tag " TAG_OWNER, task->run->settings->owner,
                  ec2_tag_value(image->tags, image->n_tags, TAG_OWNER) },
                { "tag " TAG_SCHEDULE, task->run->row.schedule,
                  ec2_tag_value(image->tags, image->n_tags, TAG_SCHEDULE) },
                { "tag " TAG_RUN, task->row.run,
                  ec2_tag_value(image->tags, image->n_tags, TAG_RUN) },
                { "tag " TAG_INSTANCE, task->row.subject,
                  ec2_tag_value(image->tags, image->n_tags, TAG_INSTANCE) },
        };
        sec_t asked = task->row.requested != SEC_NONE ? task->row.requested
                                                      : task->run->row.started; /* an older row */
        char created[TIME_TEXT_MAX], first[TIME_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (!streq(rows[i].found, rows[i].wanted))
                        return xasprintf("%s, which is not ours: its %s is %s, not %s", image->id,
                                         rows[i].what, rows[i].found ? rows[i].found : "missing",
                                         rows[i].wanted);
        if (image->created + CLOCKS_DIFFER < asked)
                return xasprintf("%s, which is not ours: EC2 created it at %s, before amid asked "
                                 "for an image at %s",
                                 image->id, format_rfc3339(image->created, created),
                                 format_rfc3339(asked, first));
        return NULL;
}

/* Whether a process of this daemon has made the image in this task: then the outage of the task was
 * for this image. */
static bool is_asked_by_us(const struct task *task, const struct ec2_image *image)
{
        const char *daemon = ec2_tag_value(image->tags, image->n_tags, TAG_DAEMON);
        char **askers;
        size_t n;
        bool found;

        if (!daemon || !task->row.askers)
                return false;
        askers = strings_split(task->row.askers, " ", &n);
        found = strings_contain(askers, n, daemon);
        strings_free(askers, n);
        return found;
}

static struct verdict take_over(struct task *task, struct ec2_image *image)
{
        struct log_about about;

        if (!is_asked_by_us(task, image)) {
                task->row.launched = SEC_NONE;
                free(task->row.evidence);
                task->row.evidence = xstrdup("another process made it, and what that did to the "
                                             "instance is not known");
        }
        task->row.image = steal(image->id);
        backup_state(task)->taken_over = true;
        about = task_about(task);
        log_event(&events[EVENT_IMAGE_FOUND], &about,
                  "Image %s of %s exists already and is taken over; it is not created again.",
                  task->row.image, task->row.subject);
        return step_goto("record-image");
}

/* The listed image that this task has asked for, or NULL. backup->misfit is then the difference of
 * the first image; *ret_untagged: an image under the name has no tags. */
static struct ec2_image *find_ours(struct task *task, const struct aws_reply *reply,
                                   bool *ret_untagged)
{
        struct backup_state *backup = backup_state(task);
        struct ec2_images *found = reply->output;

        *ret_untagged = false;
        free(steal(backup->misfit));
        for (size_t i = 0; i < found->n_images; i++) {
                struct ec2_image *image = &found->images[i];
                char *misfit = MUTANT(takes_over_by_name) ? NULL : find_misfit(task, image);

                rival_see(task, image, reply->date);
                if (!misfit)
                        return image;
                *ret_untagged |= image->n_tags == 0;
                if (backup->misfit)
                        free(misfit);
                else
                        backup->misfit = misfit;
        }
        return NULL;
}

struct verdict find_answer(struct task *task, const struct aws_reply *reply)
{
        struct backup_state *backup = backup_state(task);
        const struct ec2_images *found = reply->output;
        struct ec2_image *ours;
        bool untagged;

        if (reply->outcome != AWS_OK)
                return find_unanswered(task, aws_describe_failure(reply, &ec2_describe_images,
                                                                  task->row.region));
        ours = find_ours(task, reply, &untagged);
        if (ours)
                return take_over(task, ours);
        /* The image has its tags from the create call on. A list that lags may show it without
         * tags, or only other images of the name. */
        if (found->n_images == 0 || backup->outcome_unknown ||
            (untagged && backup->rounds == 0 && backup->lookups < LOOKUPS))
                return find_nothing(task);
        return image_give_up(task, OUTCOME_FAILED, taken_text(task, steal(backup->misfit)));
}

/* ---- afterwards ---- */

struct verdict look_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        struct log_about about = task_about(task);

        if (task->run->row.abandoned)
                return step_finish(task->row.ending, NULL);
        if (!backup->lookup_logged) {
                log_event(&events[EVENT_IMAGE_REFUSED], &about,
                          "No image of %s yet: %s; it is looked for.", task->row.subject,
                          task->row.detail);
                backup->lookups = 0; /* count anew */
        }
        backup->lookup_logged = true;
        return find_ask(task);
}

struct verdict look_answer(struct task *task, const struct aws_reply *reply)
{
        struct ec2_image *ours;
        bool untagged;

        if (reply->outcome != AWS_OK)
                return step_retry(LOOK_CALMLY, aws_describe_failure(reply, &ec2_describe_images,
                                                                    task->row.region));
        ours = find_ours(task, reply, &untagged);
        if (!ours && ++backup_state(task)->lookups < LOOKUPS)
                return step_retry(LOOK_LATER,
                                  xasprintf("looking for the image named %s", task->row.name));
        if (!ours)
                return step_finish(task->row.ending, NULL);
        take_over(task, ours);
        task->row.launched = SEC_NONE;
        xreplace(&task->row.evidence, "its instance was put right before EC2 told of it");
        free(task->row.detail);
        task->row.detail = xasprintf("EC2 told of image %s only after the instance was put right",
                                     task->row.image);
        return step_goto("record-found");
}

struct verdict look_on_timeout(struct task *task, char *detail)
{
        free(detail);
        return step_finish(task->row.ending, NULL);
}
