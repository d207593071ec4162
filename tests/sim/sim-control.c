/*
 * sim_control(): what /sim/... offers. Arguments are the members of a JSON object; a query string
 * gives the same with texts for numbers.
 */
#include "sim/sim-control.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-fault.h"
#include "sim/sim-log.h"
#include "sim/sim-settle.h"

bool control_fail(struct control *control, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        free(control->error);
        control->error = xvasprintf(format, arguments);
        va_end(arguments);
        return false;
}

bool control_check_members(struct control *control, const cJSON *object, const char *const *names)
{
        const cJSON *member;

        cJSON_ArrayForEach (member, object) {
                size_t i = 0, n = 0;

                while (names[n])
                        n++;
                while (i < n && !streq(names[i], member->string))
                        i++;
                if (i == n) {
                        const char *hint = closest(member->string, names, n);

                        return control_fail(control, "unknown member \"%s\"%s%s%s", member->string,
                                            hint ? "; did you mean \"" : "", hint ? hint : "",
                                            hint ? "\"?" : "");
                }
        }
        return true;
}

bool control_text(struct control *control, const cJSON *object, const char *name, const char **ret)
{
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

        if (member && !cJSON_IsString(member))
                return control_fail(control, "\"%s\" must be a text", name);
        if (member)
                *ret = member->valuestring;
        return true;
}

bool control_number(struct control *control, const cJSON *object, const char *name, double min,
                    double max, double *ret)
{
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
        double value = 0;
        char *end = NULL;

        if (!member)
                return true;
        if (cJSON_IsNumber(member))
                value = member->valuedouble;
        else if (cJSON_IsString(member))
                value = strtod(member->valuestring, &end);
        if ((!cJSON_IsNumber(member) && (!end || end == member->valuestring || *end)) ||
            !(value >= min && value <= max))
                return control_fail(control, "\"%s\" must be a number from %g to %g", name, min,
                                    max);
        *ret = value;
        return true;
}

bool control_bool(struct control *control, const cJSON *object, const char *name, bool *ret)
{
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
        const char *text = cJSON_IsString(member) ? member->valuestring : NULL;

        if (!member)
                return true;
        if (!cJSON_IsBool(member) && !streq(text, "true") && !streq(text, "false") &&
            !streq(text, "1") && !streq(text, "0"))
                return control_fail(control, "\"%s\" must be true or false", name);
        *ret = cJSON_IsTrue(member) || streq(text, "true") || streq(text, "1");
        return true;
}

/* ---- the smaller controls ---- */

static bool control_fault(struct control *control)
{
        static const char *const names[] = { "action",      "region", "contains", "kind", "code",
                                             "message",     "status", "count",    "skip", "seconds",
                                             "probability", "clear",  NULL };
        const cJSON *from = control->arguments;
        const char *action = NULL, *region = NULL, *contains = NULL, *kind = NULL, *code = NULL,
                   *message = NULL;
        double status = 0, count = 1, skip = 0, seconds = 0, probability = 1;
        bool clear = false;
        struct fault *fault;

        if (!control_check_members(control, from, names) ||
            !control_bool(control, from, "clear", &clear) ||
            !control_text(control, from, "action", &action) ||
            !control_text(control, from, "region", &region) ||
            !control_text(control, from, "contains", &contains) ||
            !control_text(control, from, "kind", &kind) ||
            !control_text(control, from, "code", &code) ||
            !control_text(control, from, "message", &message) ||
            !control_number(control, from, "status", 100, 599, &status) ||
            !control_number(control, from, "count", 0, 1e15, &count) ||
            !control_number(control, from, "skip", 0, 1e15, &skip) ||
            !control_number(control, from, "seconds", 0, 1e6, &seconds) ||
            !control_number(control, from, "probability", 0, 1, &probability))
                return false;
        if (clear)
                faults_clear(control->sim);
        if (clear && !kind)
                return true;
        if (!kind || fault_by_name(kind) == FAULT_KINDS)
                return control_fail(control, "\"kind\" must be throttle, error, http500, html502, "
                                             "drop-before, drop-after, truncate, slow or delay");
        if (fault_by_name(kind) == FAULT_ERROR && !code)
                return control_fail(control, "an error needs its \"code\"");
        if ((fault_by_name(kind) == FAULT_SLOW || fault_by_name(kind) == FAULT_DELAY) &&
            seconds <= 0)
                return control_fail(control, "\"%s\" needs its \"seconds\"", kind);
        fault = fault_add(control->sim);
        *fault = (struct fault){
                .kind = fault_by_name(kind),
                .action = streq(action, "*") ? NULL : xstrdup(action),
                .region = xstrdup(region),
                .contains = xstrdup(contains),
                .code = xstrdup(code),
                .message = xstrdup(message),
                .status = (unsigned int)status,
                .count = (uint64_t)count,
                .skip = (uint64_t)skip,
                .probability = probability,
                .seconds = (usec_t)(seconds * (double)USEC_PER_SEC),
        };
        return true;
}

static bool control_log(struct control *control)
{
        static const char *const names[] = { "since", NULL };
        double since = 0;

        if (!control_check_members(control, control->arguments, names) ||
            !control_number(control, control->arguments, "since", 0, 1e15, &since))
                return false;
        cJSON_AddItemToObject(control->result, "requests",
                              ledger_dump(control->sim->ledger, (uint64_t)since));
        return true;
}

static bool control_reset(struct control *control)
{
        static const char *const names[] = { NULL };

        if (!control_check_members(control, control->arguments, names))
                return false;
        sim_forget(control->sim);
        faults_clear(control->sim);
        ledger_clear(control->sim->ledger);
        return true;
}

static const struct {
        const char *path;
        bool (*run)(struct control *control);
} controls[] = {
        { "/sim/auto-scaling-group", control_auto_scaling_group },
        { "/sim/target-group", control_target_group },
        { "/sim/config", control_config },
        { "/sim/fault", control_fault },
        { "/sim/fleet", control_fleet },
        { "/sim/instance", control_instance },
        { "/sim/log", control_log },
        { "/sim/reset", control_reset },
        { "/sim/snapshot", control_snapshot },
        { "/sim/state", control_state },
};

static bool run(struct control *control, const char *path, int *ret_status)
{
        for (size_t i = 0; i < ELEMENTS(controls); i++)
                if (streq(controls[i].path, path)) {
                        bool good = controls[i].run(control);

                        *ret_status = good ? 200 : 400;
                        return good;
                }
        *ret_status = 404;
        return control_fail(control, "there is no %s", path);
}

int sim_control(struct sim *sim, usec_t now, const char *path, const cJSON *arguments,
                char **ret_json)
{
        cJSON *empty = cJSON_CreateObject(), *result = cJSON_CreateObject();
        struct control control = {
                .sim = sim, .now = now, .arguments = arguments ? arguments : empty, .result = result
        };
        int status = 400;

        sim_settle_all(sim, now);
        if (!cJSON_IsObject(control.arguments))
                (void)control_fail(&control, "the arguments must be a JSON object");
        else
                (void)run(&control, path, &status);
        if (control.error)
                json_text(result, "error", control.error);
        *ret_json = cJSON_PrintUnformatted(result);
        free(control.error);
        cJSON_Delete(empty);
        cJSON_Delete(result);
        return status;
}
