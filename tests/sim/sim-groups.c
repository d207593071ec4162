/* POST /sim/target-group and /sim/auto-scaling-group: makes one, or changes it. */
#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-control.h"
#include "sim/sim-scaling.h"
#include "sim/sim-target.h"

enum { SIZE_MAX_OF_GROUP = 10000, DELAY_MAX = 3600, PORT_MAX = 65535 };

/* The location and the name that a group is called by. */
static bool read_name(struct control *control, struct sim_location **ret_place,
                      const char **ret_name)
{
        const char *region = sim_default_region(control->sim), *account = DEFAULT_ACCOUNT;

        if (!control_text(control, control->arguments, "name", ret_name) ||
            !control_text(control, control->arguments, "region", &region) ||
            !control_text(control, control->arguments, "account", &account))
                return false;
        if (!*ret_name)
                return control_fail(control, "a group needs its \"name\"");
        if (!sim_has_region(control->sim, region))
                return control_fail(control, "there is no region %s", region);
        *ret_place = sim_location(control->sim, account, region);
        return true;
}

bool control_target_group(struct control *control)
{
        static const char *const names[] = { "name",  "region",   "account", "port",
                                             "delay", "attached", NULL };
        const cJSON *from = control->arguments;
        struct target_group *group;
        struct sim_location *location = NULL;
        const char *name = NULL;
        double port, delay;

        if (!control_check_members(control, from, names) || !read_name(control, &location, &name))
                return false;
        group = target_group(location, name);
        port = group->port;
        delay = group->delay;
        if (!control_number(control, from, "port", 1, PORT_MAX, &port) ||
            !control_number(control, from, "delay", 0, DELAY_MAX, &delay) ||
            !control_bool(control, from, "attached", &group->attached))
                return false;
        group->port = (unsigned int)port;
        group->delay = (unsigned int)delay;
        json_text(control->result, "arn", group->arn);
        return true;
}

/* A list of texts, or one; leaves the list alone when there is no such member. */
static bool read_texts(struct control *control, const char *name, char ***list, size_t *n)
{
        const cJSON *from = cJSON_GetObjectItemCaseSensitive(control->arguments, name), *one;

        if (!from)
                return true;
        strings_free(*list, *n);
        *list = NULL;
        *n = 0;
        if (cJSON_IsString(from)) {
                *append(*list, *n) = xstrdup(from->valuestring);
                return true;
        }
        cJSON_ArrayForEach (one, from) {
                if (!cJSON_IsString(one))
                        return control_fail(control, "\"%s\" must be a list of texts", name);
                *append(*list, *n) = xstrdup(one->valuestring);
        }
        return true;
}

bool control_auto_scaling_group(struct control *control)
{
        static const char *const names[] = { "name",    "region",    "account",       "min", "max",
                                             "desired", "suspended", "target-groups", NULL };
        const cJSON *from = control->arguments;
        struct scaling_group *group;
        struct sim_location *location = NULL;
        const char *name = NULL;
        double min, max, desired;

        if (!control_check_members(control, from, names) || !read_name(control, &location, &name))
                return false;
        group = scaling_group(location, name);
        min = group->min;
        max = group->max;
        desired = group->desired;
        if (!control_number(control, from, "min", 0, SIZE_MAX_OF_GROUP, &min) ||
            !control_number(control, from, "max", 0, SIZE_MAX_OF_GROUP, &max) ||
            !control_number(control, from, "desired", 0, SIZE_MAX_OF_GROUP, &desired) ||
            !read_texts(control, "suspended", &group->suspended, &group->n_suspended) ||
            !read_texts(control, "target-groups", &group->target_groups, &group->n_target_groups))
                return false;
        group->min = (unsigned int)min;
        group->max = (unsigned int)max;
        group->desired = (unsigned int)desired;
        json_text(control->result, "name", group->name);
        return true;
}
