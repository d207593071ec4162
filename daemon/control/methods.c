/* The table of methods, and those of org.varlink.service. */
#include "control/methods.h"

#include "base/text.h"
#include "control/call.h"
#include "control/interface.h"
#include "control/usage.h"

/* ---- org.varlink.service ---- */

static void get_info(struct call *call)
{
        cJSON *parameters = cJSON_CreateObject();
        cJSON *names;

        cJSON_AddStringToObject(parameters, "vendor", "amid");
        cJSON_AddStringToObject(parameters, "product", "amid");
        cJSON_AddStringToObject(parameters, "version", AMID_VERSION);
        cJSON_AddStringToObject(parameters, "url", "man:amid(8)");
        names = cJSON_AddArrayToObject(parameters, "interfaces");
        for (size_t i = 0; i < n_interfaces; i++)
                cJSON_AddItemToArray(names, cJSON_CreateString(interfaces[i].name));
        call_reply(call, parameters, false);
}

static void get_interface_description(struct call *call)
{
        cJSON *parameters = cJSON_CreateObject();

        for (size_t i = 0; i < n_interfaces; i++)
                if (streq(interfaces[i].name, call->arguments.interface)) {
                        cJSON_AddStringToObject(parameters, "description",
                                                interfaces[i].description);
                        call_reply(call, parameters, false);
                        return;
                }
        cJSON_AddStringToObject(parameters, "interface", call->arguments.interface);
        call_error(call, SERVICE_INTERFACE ".InterfaceNotFound", parameters);
}

/* ---- the table ---- */

#define ARGUMENT(member, kind, ...)                                                                \
        {                                                                                          \
                .name = #member, .offset = offsetof(struct arguments, member), .type = (kind),     \
                __VA_ARGS__                                                                        \
        }
#define SCHEDULE      ARGUMENT(schedule, ARGUMENT_TEXT)
#define THE_SCHEDULE  ARGUMENT(schedule, ARGUMENT_TEXT, .required = true)
#define RUN           ARGUMENT(run, ARGUMENT_TEXT)
#define THE_RUN       ARGUMENT(run, ARGUMENT_TEXT, .required = true)
#define THE_INTERFACE ARGUMENT(interface, ARGUMENT_TEXT, .required = true)
#define INSTANCES     ARGUMENT(instances, ARGUMENT_TEXTS)
#define OPEN          ARGUMENT(open, ARGUMENT_FLAG)
#define REMOVED       ARGUMENT(removed, ARGUMENT_FLAG)
#define DRY_RUN       ARGUMENT(dry_run, ARGUMENT_FLAG)
#define ABANDON       ARGUMENT(abandon, ARGUMENT_FLAG)
#define LIMIT         ARGUMENT(limit, ARGUMENT_COUNT)

#define SERVICE(method, what, ...)                                                                 \
        {                                                                                          \
                .name = SERVICE_INTERFACE "." method, .function = (what), .open_to_all = true,     \
                .arguments = {                                                                     \
                        __VA_ARGS__                                                                \
                }                                                                                  \
        }
#define ASKS(method, what, ...)                                                                    \
        {                                                                                          \
                .name = MANAGER_INTERFACE "." method, .function = (what), .arguments = {           \
                        __VA_ARGS__                                                                \
                }                                                                                  \
        }
#define STREAMS(method, what, ...)                                                                 \
        {                                                                                          \
                .name = MANAGER_INTERFACE "." method, .function = (what), .needs_more = true,      \
                .arguments = {                                                                     \
                        __VA_ARGS__                                                                \
                }                                                                                  \
        }
#define CHANGES(method, what, ...)                                                                 \
        {                                                                                          \
                .name = MANAGER_INTERFACE "." method, .function = (what), .changes = true,         \
                .needs_ready = true, .arguments = {                                                \
                        __VA_ARGS__                                                                \
                }                                                                                  \
        }
#define CHANGES_BY_CLOCK(method, what, checked, ...)                                               \
        {                                                                                          \
                .name = MANAGER_INTERFACE "." method, .function = (what), .check = (checked),      \
                .changes = true, .needs_ready = true, .needs_clock = true, .arguments = {          \
                        __VA_ARGS__                                                                \
                }                                                                                  \
        }
#define RELOADS(method, what)                                                                      \
        {                                                                                          \
                .name = MANAGER_INTERFACE "." method, .function = (what), .changes = true          \
        }

const struct method methods[] = {
        SERVICE("GetInfo", get_info),
        SERVICE("GetInterfaceDescription", get_interface_description, THE_INTERFACE),
        ASKS("Status", method_status),
        ASKS("Usage", usage_reply),
        ASKS("Runs", method_runs, SCHEDULE, OPEN, LIMIT),
        ASKS("Show", method_show, THE_RUN),
        ASKS("Images", method_images, SCHEDULE, REMOVED),
        ASKS("Measures", method_measures, THE_SCHEDULE),
        STREAMS("Watch", method_watch, RUN),
        CHANGES_BY_CLOCK("Run", method_run, method_check_run, THE_SCHEDULE, INSTANCES),
        CHANGES_BY_CLOCK("Prune", method_prune, method_check_prune, SCHEDULE, DRY_RUN),
        CHANGES("Adopt", method_adopt, DRY_RUN),
        CHANGES("Pause", method_pause, THE_SCHEDULE),
        CHANGES("Resume", method_resume, THE_SCHEDULE),
        CHANGES("Cancel", method_cancel, THE_RUN, ABANDON),
        RELOADS("Reload", method_reload),
        {}
};
