/* The verbs that make the daemon do something. */
#include <stdlib.h>

#include "base/alloc.h"
#include "ctl/output.h"
#include "ctl/progress.h"

static cJSON *parameter(const char *name, const char *value)
{
        cJSON *parameters = cJSON_CreateObject();

        if (value)
                cJSON_AddStringToObject(parameters, name, value);
        return parameters;
}

/* Whether the answer only reports that the call is held. Prints the reason on stderr. */
static bool is_held(const cJSON *parameters)
{
        const char *waiting = json_text(parameters, "waiting");

        if (waiting)
                ctl_complain("nothing has begun yet: %s", waiting);
        return waiting;
}

static int on_done(struct ctl *ctl, const cJSON *parameters, void *userdata)
{
        const char *done = userdata;

        if (is_held(parameters))
                return CTL_DONE;
        if (ctl->json)
                ctl_print_json(ctl, parameters);
        else
                fprintf(ctl->out.stream, "%s\n", done);
        return CTL_DONE;
}

/* ---- runs that are watched until their end ---- */

static int on_event(struct ctl *ctl, const cJSON *parameters, void *userdata)
{
        struct progress *progress = userdata;
        const cJSON *event = json_member(parameters, "event");

        if (is_held(parameters))
                return CTL_DONE;
        if (ctl->json)
                ctl_print_json(ctl, parameters);
        if (event)
                progress_event(progress, event, ctl->json);
        else if (!ctl->json && json_text(parameters, "run"))
                fprintf(ctl->out.stream, "%s\n", json_text(parameters, "run"));
        return progress_succeeded(progress) ? CTL_DONE : CTL_FAILED;
}

static int follow(struct ctl *ctl, const char *method, cJSON *parameters)
{
        _cleanup_(progress_freep) struct progress *progress = progress_new(ctl);
        int status = ctl_call(ctl, method, parameters, true, on_event, progress);

        if (!ctl->json)
                progress_finish(progress);
        return status;
}

/* ---- runs that are only begun ---- */

/* Takes an event of a run with --instance. The run fails when a named instance is no target, so
 * amictl waits until the search for targets ends; but not while AWS does not answer. */
static int on_search(const cJSON *event)
{
        const cJSON *run = json_member(event, "run");
        const char *id = json_text(run, "id"), *outcome = json_text(run, "outcome");
        const char *waiting = json_text(json_member(event, "task"), "waiting");
        const char *phase = json_text(run, "phase");

        if (streq(outcome, "failed") || streq(outcome, "cancelled")) {
                ctl_complain("%s: %s", id, json_text(run, "detail"));
                return CTL_FAILED;
        }
        /* "": the run has not begun, or is queued behind another one. */
        if (!streq(outcome, "open") || (!streq(phase, "") && !streq(phase, "find-targets")))
                return CTL_ENOUGH;
        if (!waiting)
                return CTL_DONE;
        ctl_complain("%s has begun, and waits: %s", id, waiting);
        return CTL_ENOUGH;
}

static int on_started(struct ctl *ctl, const cJSON *parameters, void *userdata)
{
        const cJSON *event = json_member(parameters, "event");

        (void)userdata;
        if (is_held(parameters))
                return CTL_DONE;
        if (event)
                return on_search(event);
        if (ctl->json)
                ctl_print_json(ctl, parameters);
        else
                fprintf(ctl->out.stream, "%s\n", json_text(parameters, "run"));
        fflush(ctl->out.stream);
        return ctl->n_instances ? CTL_DONE : CTL_ENOUGH;
}

int verb_run(struct ctl *ctl, char **arguments, size_t n)
{
        cJSON *parameters = parameter("schedule", arguments[0]);

        (void)n;
        if (ctl->n_instances) {
                cJSON *instances = cJSON_AddArrayToObject(parameters, "instances");

                for (size_t i = 0; i < ctl->n_instances; i++)
                        cJSON_AddItemToArray(instances, cJSON_CreateString(ctl->instances[i]));
        }
        if (ctl->wait)
                return follow(ctl, "Run", parameters);
        return ctl_call(ctl, "Run", parameters, true, on_started, NULL);
}

int verb_watch(struct ctl *ctl, char **arguments, size_t n)
{
        return follow(ctl, "Watch", parameter("run", n ? arguments[0] : NULL));
}

int verb_prune(struct ctl *ctl, char **arguments, size_t n)
{
        cJSON *parameters = parameter("schedule", n ? arguments[0] : NULL);

        if (ctl->dry_run)
                cJSON_AddBoolToObject(parameters, "dry_run", true);
        return follow(ctl, "Prune", parameters);
}

int verb_adopt(struct ctl *ctl, char **arguments, size_t n)
{
        cJSON *parameters = cJSON_CreateObject();

        (void)arguments;
        (void)n;
        if (ctl->dry_run)
                cJSON_AddBoolToObject(parameters, "dry_run", true);
        return follow(ctl, "Adopt", parameters);
}

/* ---- other verbs ---- */

int verb_pause(struct ctl *ctl, char **arguments, size_t n)
{
        _cleanup_free_ char *done = xasprintf(
                "%s is paused; `amictl resume %s` lets it fire again.", arguments[0], arguments[0]);

        (void)n;
        return ctl_call(ctl, "Pause", parameter("schedule", arguments[0]), true, on_done, done);
}

int verb_resume(struct ctl *ctl, char **arguments, size_t n)
{
        _cleanup_free_ char *done = xasprintf("%s fires again.", arguments[0]);

        (void)n;
        return ctl_call(ctl, "Resume", parameter("schedule", arguments[0]), true, on_done, done);
}

int verb_cancel(struct ctl *ctl, char **arguments, size_t n)
{
        cJSON *parameters = parameter("run", arguments[0]);
        _cleanup_free_ char *done =
                xasprintf(ctl->abandon
                                  ? "%s begins nothing more, and no longer follows its images; "
                                    "they stay as they are."
                                  : "%s begins nothing more; images under way are followed to "
                                    "their end.",
                          arguments[0]);

        (void)n;
        if (ctl->abandon)
                cJSON_AddBoolToObject(parameters, "abandon", true);
        return ctl_call(ctl, "Cancel", parameters, true, on_done, done);
}

static int on_reloaded(struct ctl *ctl, const cJSON *parameters, void *userdata)
{
        const cJSON *message;

        (void)userdata;
        if (ctl->json) {
                ctl_print_json(ctl, parameters);
                return CTL_DONE;
        }
        cJSON_ArrayForEach (message, json_member(parameters, "messages"))
                fprintf(stderr, "%s\n", message->valuestring);
        fputs("The settings are in force.\n", ctl->out.stream);
        return CTL_DONE;
}

int verb_reload(struct ctl *ctl, char **arguments, size_t n)
{
        (void)arguments;
        (void)n;
        return ctl_call(ctl, "Reload", NULL, false, on_reloaded, NULL);
}
