/* Records as JSON, by tables of members. */
#include "control/describe.h"

#include "base/text.h"

/* MEMBER_ENDING is an outcome; OUTCOME_OPEN is left out. */
enum member_type {
        MEMBER_TEXT,
        MEMBER_WORDS,
        MEMBER_NUMBER,
        MEMBER_TIME,
        MEMBER_OUTCOME,
        MEMBER_ENDING
};

struct member {
        const char *name;
        size_t offset;
        enum member_type type;
};

#define MEMBER(of, member, kind)                                                                   \
        {                                                                                          \
#                member, offsetof(struct of, member), (kind)                                       \
        }

static const struct member run_members[] = {
        MEMBER(store_run, id, MEMBER_TEXT),         MEMBER(store_run, kind, MEMBER_TEXT),
        MEMBER(store_run, schedule, MEMBER_TEXT),   MEMBER(store_run, firing, MEMBER_TIME),
        MEMBER(store_run, trigger, MEMBER_TEXT),    MEMBER(store_run, phase, MEMBER_TEXT),
        MEMBER(store_run, outcome, MEMBER_OUTCOME), MEMBER(store_run, detail, MEMBER_TEXT),
        MEMBER(store_run, only, MEMBER_WORDS),      MEMBER(store_run, started, MEMBER_TIME),
        MEMBER(store_run, finished, MEMBER_TIME),
};

static const struct member task_members[] = {
        MEMBER(store_task, id, MEMBER_NUMBER),       MEMBER(store_task, run, MEMBER_TEXT),
        MEMBER(store_task, kind, MEMBER_TEXT),       MEMBER(store_task, account, MEMBER_TEXT),
        MEMBER(store_task, region, MEMBER_TEXT),     MEMBER(store_task, subject, MEMBER_TEXT),
        MEMBER(store_task, step, MEMBER_TEXT),       MEMBER(store_task, entered, MEMBER_TIME),
        MEMBER(store_task, outcome, MEMBER_OUTCOME), MEMBER(store_task, detail, MEMBER_TEXT),
        MEMBER(store_task, name, MEMBER_TEXT),       MEMBER(store_task, image, MEMBER_TEXT),
        MEMBER(store_task, group, MEMBER_TEXT),      MEMBER(store_task, consistency, MEMBER_TEXT),
        MEMBER(store_task, method, MEMBER_TEXT),     MEMBER(store_task, asked, MEMBER_TEXT),
        MEMBER(store_task, evidence, MEMBER_TEXT),   MEMBER(store_task, downed, MEMBER_TIME),
        MEMBER(store_task, returned, MEMBER_TIME),   MEMBER(store_task, finished, MEMBER_TIME),
};

static const struct member image_members[] = {
        MEMBER(store_image, account, MEMBER_TEXT),     MEMBER(store_image, region, MEMBER_TEXT),
        MEMBER(store_image, id, MEMBER_TEXT),          MEMBER(store_image, name, MEMBER_TEXT),
        MEMBER(store_image, schedule, MEMBER_TEXT),    MEMBER(store_image, run, MEMBER_TEXT),
        MEMBER(store_image, instance, MEMBER_TEXT),    MEMBER(store_image, firing, MEMBER_TIME),
        MEMBER(store_image, consistency, MEMBER_TEXT), MEMBER(store_image, evidence, MEMBER_TEXT),
        MEMBER(store_image, outcome, MEMBER_ENDING),   MEMBER(store_image, state, MEMBER_TEXT),
        MEMBER(store_image, snapshots, MEMBER_WORDS),  MEMBER(store_image, created, MEMBER_TIME),
        MEMBER(store_image, removed, MEMBER_TIME),     MEMBER(store_image, missed, MEMBER_TIME),
        MEMBER(store_image, retry, MEMBER_TIME),       MEMBER(store_image, detail, MEMBER_TEXT),
};

void describe_time(cJSON *object, const char *name, sec_t sec)
{
        char buffer[TIME_TEXT_MAX];

        if (sec != SEC_NONE && sec != SEC_NEVER)
                cJSON_AddStringToObject(object, name, format_rfc3339(sec, buffer));
}

static void describe_words(cJSON *object, const char *name, const char *words)
{
        size_t n;
        char **list = strings_split(words, " ", &n);
        cJSON *array = cJSON_AddArrayToObject(object, name);

        for (size_t i = 0; i < n; i++)
                cJSON_AddItemToArray(array, cJSON_CreateString(list[i]));
        strings_free(list, n);
}

static void describe_text(cJSON *object, const struct member *member, const char *text)
{
        if (!text)
                return;
        if (member->type == MEMBER_WORDS)
                describe_words(object, member->name, text);
        else
                cJSON_AddStringToObject(object, member->name, text);
}

static void describe_outcome(cJSON *object, const struct member *member, enum outcome outcome)
{
        if (member->type == MEMBER_OUTCOME || outcome != OUTCOME_OPEN)
                cJSON_AddStringToObject(object, member->name, outcome_names[outcome]);
}

static cJSON *describe(const struct member *members, size_t n, const void *record)
{
        cJSON *object = cJSON_CreateObject();

        for (size_t i = 0; i < n; i++) {
                const void *value = (const char *)record + members[i].offset;

                switch (members[i].type) {
                case MEMBER_TEXT:
                case MEMBER_WORDS:
                        describe_text(object, &members[i], *(char *const *)value);
                        break;
                case MEMBER_NUMBER:
                        cJSON_AddNumberToObject(object, members[i].name,
                                                (double)*(const int64_t *)value);
                        break;
                case MEMBER_TIME:
                        describe_time(object, members[i].name, *(const sec_t *)value);
                        break;
                case MEMBER_OUTCOME:
                case MEMBER_ENDING:
                        describe_outcome(object, &members[i], *(const enum outcome *)value);
                        break;
                }
        }
        return object;
}

const char *const action_words[PRUNE_ACTIONS] = {
        [PRUNE_KEEP] = "keep",   [PRUNE_REMOVE] = "remove", [PRUNE_WAIT] = "wait",
        [PRUNE_ADOPT] = "adopt", [PRUNE_LEAVE] = "leave",
};

static cJSON *with_zone(cJSON *object, const struct settings *settings, const char *schedule)
{
        const struct setting_schedule *known =
                settings && schedule ? settings_schedule(settings, schedule) : NULL;

        if (known)
                cJSON_AddStringToObject(object, "timezone", known->timezone);
        return object;
}

cJSON *describe_run(const struct settings *settings, const struct store_run *run)
{
        return with_zone(describe(run_members, ELEMENTS(run_members), run), settings,
                         run->schedule);
}

cJSON *describe_task(const struct store_task *task, const struct task_progress *progress)
{
        cJSON *object = describe(task_members, ELEMENTS(task_members), task);

        if (progress && progress->percent >= 0)
                cJSON_AddNumberToObject(object, "percent", progress->percent);
        if (progress && progress->snapshot) {
                cJSON_AddStringToObject(object, "snapshot", progress->snapshot);
                cJSON_AddNumberToObject(object, "snapshot_percent", progress->snapshot_percent);
        }
        if (progress && progress->waiting)
                cJSON_AddStringToObject(object, "waiting", progress->waiting);
        return object;
}

cJSON *describe_image(const struct settings *settings, const struct store_image *image)
{
        return with_zone(describe(image_members, ELEMENTS(image_members), image), settings,
                         image->schedule);
}

void describe_decision(cJSON *event, const struct settings *settings,
                       const struct prune_decision *decision)
{
        cJSON *object = cJSON_AddObjectToObject(event, "decision");

        cJSON_AddItemToObject(object, "image", describe_image(settings, decision->image));
        cJSON_AddStringToObject(object, "action", action_words[decision->action]);
        cJSON_AddBoolToObject(object, "remove", decision->action == PRUNE_REMOVE);
        cJSON_AddStringToObject(object, "why", decision->why);
}

cJSON *describe_event(const struct settings *settings, const struct run_event *event)
{
        cJSON *object = cJSON_CreateObject();

        cJSON_AddItemToObject(object, "run", describe_run(settings, event->run));
        if (event->task)
                cJSON_AddItemToObject(object, "task", describe_task(event->task, event->progress));
        if (event->decision)
                describe_decision(object, settings, event->decision);
        return object;
}
