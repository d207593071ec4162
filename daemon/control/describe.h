/* Records as JSON. Caller owns the result. `settings` (may be NULL) have the time zone of a
 * record's schedule. Private to control/. */
#pragma once

#include <cjson/cJSON.h>

#include "runs/manager/manager.h"
#include "store/store.h"

/* "keep", "remove", "wait", "adopt", "leave": the words of decisions. */
extern const char *const action_words[PRUNE_ACTIONS];

cJSON *describe_run(const struct settings *settings, const struct store_run *run);
/* `progress` may be NULL. */
cJSON *describe_task(const struct store_task *task, const struct task_progress *progress);
cJSON *describe_image(const struct settings *settings, const struct store_image *image);
cJSON *describe_event(const struct settings *settings, const struct run_event *event);
/* Adds the member "decision" to an event. */
void describe_decision(cJSON *event, const struct settings *settings,
                       const struct prune_decision *decision);
/* Adds the member unless `sec` is SEC_NONE or SEC_NEVER. */
void describe_time(cJSON *object, const char *name, sec_t sec);
