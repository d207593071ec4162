/* Callers that wait until the manager is ready, in the order they came. */
#pragma once

#include "runs/manager/manager.h"

struct manager_wait *waits_add(struct manager_wait **list, manager_ready_fn *ready, void *userdata);
/* Calls all back. A callback may do anything. */
void waits_answer(struct manager_wait **list);
/* Drops all without a call. */
void waits_drop(struct manager_wait **list);
