/* What the verbs have in common: asking the daemon, reading its answers, printing times. */
#pragma once

#include <cjson/cJSON.h>

#include "aws/client/aws.h"
#include "base/time.h"
#include "control/client.h"
#include "ctl/verbs.h"
#include "schedule/zone.h"
#include "settings/settings.h"

/* Connects to the daemon; says on stderr why it cannot be reached. NULL then: CTL_UNREACHABLE. */
struct client *ctl_connect(const struct ctl *ctl);

/*
 * Makes a call and gives every answer to `answer`, which returns an exit status; the last one
 * counts. CTL_ENOUGH: no further answer is waited for, and it is done. Takes `parameters`. Refusals
 * and lost connections are told on stderr.
 */
enum { CTL_ENOUGH = -1 };
typedef int ctl_answer_fn(struct ctl *ctl, const cJSON *parameters, void *userdata);
int ctl_call(struct ctl *ctl, const char *method, cJSON *parameters, bool more,
             ctl_answer_fn *answer, void *userdata);

/* Sets up requests to AWS for a verb that needs no daemon; says on stderr why it cannot. */
int ctl_open_aws(struct ctl *ctl, struct http **ret_http, struct aws **ret_aws);

/* Prints the answer of the method Usage. */
int ctl_print_usage(struct ctl *ctl, const cJSON *parameters, void *userdata);

/* Prints a document and a newline. */
void ctl_print_json(struct ctl *ctl, const cJSON *document);

/* A message on stderr, as the program. */
void ctl_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* There is no schedule of that name in the settings: says so, and which one may have been meant. */
int ctl_complain_unknown(const struct settings *settings, const char *name);

/* ---- reading answers; what is missing or of another type is NULL, 0, SEC_NONE ---- */
const char *json_text(const cJSON *object, const char *name);
bool json_flag(const cJSON *object, const char *name);
sec_t json_time(const cJSON *object, const char *name);
const cJSON *json_member(const cJSON *object, const char *name);

/* ---- times; results are owned by the caller, NULL for SEC_NONE and SEC_NEVER ---- */

/* `2026-11-23 03:00:00 +09:00` in the zone of that name (NULL or not installed: UTC). */
char *local_time(sec_t time, const char *timezone);
/* The same without seconds. */
char *local_minute(sec_t time, const char *timezone);
/* `in 5h 2m`, `5h 2m ago`. */
char *relative_time(sec_t time, sec_t now);
/* The same of what has happened already. By a clock that was ahead it has not: `dated 2042-11-23`.
 */
char *past_time(sec_t time, sec_t now);

enum style outcome_style(const char *outcome);
/* The style of the outcome of a run or task: that of a warning where it is done and has a detail,
 * as with images below the consistency asked for. */
enum style ending_style(const cJSON *record);
