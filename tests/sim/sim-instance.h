/* Instances and their volumes: launching, stopping, rebooting, status checks. */
#pragma once

#include <stdbool.h>

#include "sim/sim-call.h"

enum check { CHECK_IS_OK, CHECK_IS_IMPAIRED, CHECK_IS_INITIALIZING, CHECK_IS_NOT_APPLICABLE };

enum state instance_state(const struct instance *instance, usec_t now);
const char *state_name(enum state state);
/* What the last status check found. Checks are made once a period, so an `ok` may be older than the
 * reboot that went on meanwhile. */
enum check instance_check(const struct instance *instance, usec_t now);
/* Since when the status check of an impaired instance fails. */
usec_t instance_impaired_since(const struct instance *instance, usec_t now);
const char *check_name(enum check check);
/* Whether the operating system answers. */
bool instance_is_up(const struct instance *instance, usec_t now);
/* Begins a reboot `delay` from now; gives the instant at which the system is certainly down. */
usec_t instance_reboot(struct instance *instance, usec_t now, usec_t delay, const char *cause);
/* Parts of a transition: a start; an outage, which replaces one that has not ended; a change to
 * the state `at_once`, and to `finally` after `wait`. */
void instance_start(struct instance *instance, usec_t now, const char *cause);
void instance_add_outage(struct instance *instance, usec_t from, usec_t until, const char *cause);
void instance_change(struct instance *instance, usec_t now, enum state at_once, enum state finally,
                     usec_t wait);
/* Terminates it; its volumes are deleted or detached. */
void instance_terminate(struct instance *instance, usec_t now, const char *cause);
/* The newest outage begun by `now`, or NULL. */
const struct outage *instance_last_outage(const struct instance *instance, usec_t now);

struct volume_order {
        const char *device, *type;
        const char *snapshot; /* NULL: empty */
        unsigned int size;
        bool delete_on_termination, encrypted;
};
struct launch_order {
        const char *image, *type, *zone, *client_token, *subnet, *reservation;
        unsigned int index;
        const struct tags *tags, *volume_tags;
        const struct volume_order *volumes;
        size_t n_volumes;
        usec_t visible;
};
/* The order is copied. */
struct instance *instance_launch(struct sim_location *location, usec_t now,
                                 const struct launch_order *order);
/* Its public address at that time, or NULL. Caller frees. */
char *instance_public_address(const struct instance *instance, usec_t now);
/* Makes it running since `at` (in the past), with passed status checks. */
void instance_settle_running(struct instance *instance, usec_t at);
void instance_settle_stopped(struct instance *instance, usec_t at);

/* The reply of RunInstances; `n` is at least 1. */
void instance_print_launched(struct call *call, struct instance *const *instances, size_t n);

bool describe_instances(struct call *call);
bool describe_instance_status(struct call *call);
bool describe_instance_types(struct call *call);
bool describe_regions(struct call *call); /* sim-region.c */
bool describe_volumes(struct call *call);
bool run_instances(struct call *call);
bool start_instances(struct call *call);
bool stop_instances(struct call *call);
bool reboot_instances(struct call *call);
bool terminate_instances(struct call *call);
