/*
 * What manager.c and operate.c share: the manager itself. Internal to these.
 *
 *     manager.c   life, settings, STATUS= for the service manager, the end; status
 *     operate.c   what an operator may ask for
 */
#pragma once

#include "runs/engine/engine.h"
#include "runs/manager/manager.h"
#include "runs/manager/waits.h"
#include "runs/scheduler/planner.h"

struct manager {
        struct loop *loop;
        struct store *store;
        struct aws *aws;
        struct engine *engine;
        struct planner *planner; /* NULL once the manager closes: nothing fires any more */
        bool resumed;
        bool searching;                   /* for the regions of new settings */
        struct manager_wait *waits;       /* until the settings are in force */
        struct manager_wait *clock_waits; /* until the clock has been compared */
        sec_t forgotten;                  /* when old rows were last forgotten */
        char *last_failure;
        char *status;                /* STATUS= as last sent */
        struct timer *close_timeout; /* while it closes */
        manager_closed_fn *closed;
        void *userdata;
};

/* A run began or ended, or something else in STATUS= has changed. */
void manager_changed(void *userdata);
