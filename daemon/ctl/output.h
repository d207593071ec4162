/* Functions that verbs have in common: calls to the daemon, its answers, and times. */
#pragma once

#include <cjson/cJSON.h>

#include "aws/client/aws.h"
#include "base/time.h"
#include "control/client.h"
#include "ctl/verbs.h"
#include "schedule/zone.h"
#include "settings/settings.h"

/* Connects to the daemon. NULL with a message on stderr; the exit status is then CTL_UNREACHABLE.
 */
struct client *ctl_connect(const struct ctl *ctl);

/*
 * Makes a call and passes each answer to `answer`, which returns an exit status; the last status is
 * the result. With CTL_ENOUGH the call ends at once with CTL_DONE. Takes over `parameters`.
 * Refusals and lost connections are printed on stderr.
 */
enum { CTL_ENOUGH = -1 };
typedef int ctl_answer_fn(struct ctl *ctl, const cJSON *parameters, void *userdata);
int ctl_call(struct ctl *ctl, const char *method, cJSON *parameters, bool more,
             ctl_answer_fn *answer, void *userdata);

/* Prepares requests to AWS, for a verb that needs no daemon. Errors are printed on stderr. */
int ctl_open_aws(struct ctl *ctl, struct http **ret_http, struct aws **ret_aws);

/* Prints the answer of the method Usage. */
int ctl_print_usage(struct ctl *ctl, const cJSON *parameters, void *userdata);

/* Prints a document and a newline. */
void ctl_print_json(struct ctl *ctl, const cJSON *document);

/* Prints a message with the program's name on stderr. */
void ctl_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints that there is no schedule of the name, with the closest name. */
int ctl_complain_unknown(const struct settings *settings, const char *name);

/* ---- members of answers; NULL, 0 or SEC_NONE for a missing member or another type ---- */
const char *json_text(const cJSON *object, const char *name);
bool json_flag(const cJSON *object, const char *name);
sec_t json_time(const cJSON *object, const char *name);
const cJSON *json_member(const cJSON *object, const char *name);

/* ---- times; results are owned by the caller, NULL for SEC_NONE and SEC_NEVER ---- */

/* `2026-11-23 03:00:00 +09:00` in the zone with the name (NULL or not installed: UTC). */
char *local_time(sec_t time, const char *timezone);
/* The same without seconds. */
char *local_minute(sec_t time, const char *timezone);
/* `in 5h 2m`, `5h 2m ago`. */
char *relative_time(sec_t time, sec_t now);
/* The same for a past event. An event that a wrong clock has dated in the future gives
 * `dated 2042-11-23`. */
char *past_time(sec_t time, sec_t now);

enum style outcome_style(const char *outcome);
/* The style for the outcome of a run or task. Outcome "done" with a detail is a warning: the image
 * is below the requested consistency. */
enum style ending_style(const cJSON *record);
