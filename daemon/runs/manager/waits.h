/* Those that wait until the manager is ready, in the order they came. */
#pragma once

#include "runs/manager/manager.h"

struct manager_wait *waits_add(struct manager_wait **list, manager_ready_fn *ready, void *userdata);
/* Calls back all; each is free to do anything. */
void waits_answer(struct manager_wait **list);
/* Nobody will be called back. */
void waits_drop(struct manager_wait **list);
