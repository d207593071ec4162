/* The parts of sim_control(), one file each. Private to the model. */
#pragma once

#include <stdbool.h>

#include "sim/sim-json.h"
#include "sim/sim-world.h"

/* A control call: its arguments and its answer. */
struct control {
        struct sim *sim;
        usec_t now;
        const cJSON *arguments; /* an object */
        cJSON *result;          /* an object to fill */
        char *error;            /* why the arguments are wrong */
};

/* Gives false, for `return control_fail(...)`. */
bool control_fail(struct control *control, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Fails when `object` has a member that is not in `names` (ended by NULL). */
bool control_check_members(struct control *control, const cJSON *object, const char *const *names);

/* Members of an object; texts of a query string are read as numbers and booleans where asked. Each
 * leaves *ret alone when there is no such member and fails the control on a wrong type. */
bool control_text(struct control *control, const cJSON *object, const char *name, const char **ret);
bool control_number(struct control *control, const cJSON *object, const char *name, double min,
                    double max, double *ret);
bool control_bool(struct control *control, const cJSON *object, const char *name, bool *ret);

bool control_fleet(struct control *control);
bool control_config(struct control *control);
bool control_instance(struct control *control);
bool control_snapshot(struct control *control);
bool control_state(struct control *control);
bool control_target_group(struct control *control);
bool control_auto_scaling_group(struct control *control);

/* Parts of the state. */
cJSON *dump_freezes(const struct instance *instance);
void dump_around(struct control *control);
