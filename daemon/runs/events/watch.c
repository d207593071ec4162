/* The list of those who watch runs, and what they get a report of. */
#include "runs/events/watch.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"

struct watch {
        struct watches *all; /* NULL: orphaned */
        char *run;           /* NULL: all */
        watch_fn *callback;
        void *userdata;
        bool ended; /* freed during a report: dropped at its end */
        struct watch *next;
};

struct watch *watch_new(struct watches *watches, const char *run, watch_fn *callback,
                        void *userdata)
{
        struct watch *watch = xnew(struct watch);

        *watch = (struct watch){
                .all = watches,
                .run = xstrdup(run),
                .callback = callback,
                .userdata = userdata,
                .next = watches->first,
        };
        watches->first = watch;
        return watch;
}

static void watch_destroy(struct watch *watch)
{
        free(watch->run);
        free(watch);
}

/* Drops the watches that were freed during a report. */
static void watches_sweep(struct watches *watches)
{
        for (struct watch **at = &watches->first; *at;) {
                struct watch *watch = *at;

                if (!watch->ended) {
                        at = &watch->next;
                        continue;
                }
                *at = watch->next;
                watch_destroy(watch);
        }
}

struct watch *watch_free(struct watch *watch)
{
        if (!watch)
                return NULL;
        watch->ended = true;
        if (!watch->all)
                watch_destroy(watch);
        else if (!watch->all->reporting)
                watches_sweep(watch->all);
        return NULL;
}

void watches_orphan(struct watches *watches)
{
        while (watches->first) {
                struct watch *watch = watches->first;

                watches->first = watch->next;
                watch->all = NULL;
                watch->next = NULL;
        }
}

void watches_report(struct watches *watches, const struct run_event *event)
{
        watches->reporting++;
        for (struct watch *watch = watches->first; watch; watch = watch->next)
                if (!watch->ended && (!watch->run || streq(watch->run, event->run->id)))
                        watch->callback(event, watch->userdata);
        if (--watches->reporting == 0)
                watches_sweep(watches);
}
