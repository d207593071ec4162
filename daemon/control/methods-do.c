/* Methods that start, change or end something. */
#include "control/methods.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "control/follow.h"
#include "control/interface.h"

/* Answers with the error for an errno of the manager. `missing` is the error for -ENOENT. */
static void fail_manager(struct call *call, int r, const char *missing, const char *message)
{
        const char *error = r == -ENOENT  ? missing
                            : r == -EBUSY ? MANAGER_INTERFACE ".Busy"
                                          : MANAGER_INTERFACE ".Failed";

        call_fail(call, error, message ? message : strerror(-r));
}

bool method_check_run(struct call *call)
{
        const struct arguments *arguments = &call->arguments;
        _cleanup_free_ char *message = NULL;
        int r;

        if (!method_check_schedule(call))
                return false;
        r = manager_check_run(call->options->manager, arguments->schedule, arguments->instances,
                              arguments->n_instances, &message);
        if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".NoSuchSchedule", message);
        return r >= 0;
}

void method_run(struct call *call)
{
        const struct arguments *arguments = &call->arguments;
        _cleanup_free_ char *run = NULL, *message = NULL;
        int r = manager_run(call->options->manager, arguments->schedule, arguments->instances,
                            arguments->n_instances, &run, &message);

        if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".NoSuchSchedule", message);
        else
                follow_run(call, run);
}

bool method_check_prune(struct call *call)
{
        const struct arguments *arguments = &call->arguments;
        _cleanup_free_ char *message = NULL;
        int r;

        if (arguments->dry_run && !call->more) {
                call_error(call, SERVICE_INTERFACE ".ExpectedMore", NULL);
                return false;
        }
        if (!method_check_schedule(call))
                return false;
        r = manager_check_prune(call->options->manager, arguments->schedule, &message);
        if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".NoSuchSchedule", message);
        return r >= 0;
}

void method_prune(struct call *call)
{
        const struct arguments *arguments = &call->arguments;
        _cleanup_free_ char *run = NULL, *message = NULL;
        int r = manager_prune(call->options->manager, arguments->schedule, arguments->dry_run, &run,
                              &message);

        if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".NoSuchSchedule", message);
        else
                follow_run(call, run);
}

void method_adopt(struct call *call)
{
        bool dry_run = call->arguments.dry_run;
        _cleanup_free_ char *run = NULL, *message = NULL;
        int r;

        if (dry_run && !call->more) {
                call_error(call, SERVICE_INTERFACE ".ExpectedMore", NULL);
                return;
        }
        r = manager_adopt(call->options->manager, dry_run, &run, &message);
        if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".Failed", message);
        else
                follow_run(call, run);
}

static void pause_or_resume(struct call *call, bool pause)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (!method_check_schedule(call))
                return;
        r = manager_pause(call->options->manager, call->arguments.schedule, pause, &message);
        if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".NoSuchSchedule", message);
        else
                call_reply(call, NULL, false);
}

void method_pause(struct call *call)
{
        pause_or_resume(call, true);
}

void method_resume(struct call *call)
{
        pause_or_resume(call, false);
}

void method_cancel(struct call *call)
{
        _cleanup_free_ char *message = NULL;
        int r = manager_cancel(call->options->manager, call->arguments.run, call->arguments.abandon,
                               &message);

        if (r == -ENOENT && !message)
                method_fail_no_run(call);
        else if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".NoSuchRun", message);
        else
                call_reply(call, NULL, false);
}

void method_reload(struct call *call)
{
        _cleanup_(text_done) struct text messages = {};
        int r = call->options->reload(&messages, call->options->userdata);
        const char *why = r < 0 && !text_size(&messages) ? strerror(-r) : text_get(&messages);
        _cleanup_free_ char *refusal = NULL;
        cJSON *parameters, *array;
        char **lines;
        size_t n;

        lines = strings_split(why, "\n", &n);
        if (r < 0) {
                _cleanup_free_ char *all = strings_join(lines, n, "\n");

                refusal = xasprintf("The settings were refused; the old ones stay in force:\n%s",
                                    all);
                call_fail(call, MANAGER_INTERFACE ".BadSettings", refusal);
        } else {
                parameters = cJSON_CreateObject();
                array = cJSON_AddArrayToObject(parameters, "messages");
                for (size_t i = 0; i < n; i++)
                        cJSON_AddItemToArray(array, cJSON_CreateString(lines[i]));
                call_reply(call, parameters, false);
        }
        strings_free(lines, n);
}
