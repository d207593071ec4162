/* Callers that wait until the manager is ready. */
#include "runs/manager/waits.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/alloc.h"

struct manager_wait {
        struct manager_wait **list; /* NULL: was called back, or never will be */
        manager_ready_fn *ready;
        void *userdata;
        struct manager_wait *prev, *next;
};

static void leave(struct manager_wait *wait)
{
        assert(wait->list);
        DL_DELETE(*wait->list, wait);
        wait->list = NULL;
}

struct manager_wait *waits_add(struct manager_wait **list, manager_ready_fn *ready, void *userdata)
{
        struct manager_wait *wait = xnew(struct manager_wait);

        wait->list = list;
        wait->ready = ready;
        wait->userdata = userdata;
        DL_APPEND(*list, wait);
        return wait;
}

struct manager_wait *manager_wait_free(struct manager_wait *wait)
{
        if (!wait)
                return NULL;
        if (wait->list)
                leave(wait);
        free(wait);
        return NULL;
}

void waits_answer(struct manager_wait **list)
{
        while (*list) {
                struct manager_wait *first = *list;

                leave(first);
                first->ready(first->userdata);
        }
}

void waits_drop(struct manager_wait **list)
{
        while (*list)
                leave(*list);
}
