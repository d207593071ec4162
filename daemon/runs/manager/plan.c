/* A plan without a daemon: a dry run in an engine of its own. */
#include "runs/manager/plan.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "runs/engine/engine.h"
#include "runs/location/regions.h"
#include "runs/manager/kinds.h"

struct planning {
        struct engine *engine;
        char *schedule;
        struct watch *watch;
};

static void planning_begin(void *userdata)
{
        struct planning *planning = userdata;

        engine_start(planning->engine,
                     &(struct run_request){
                             .kind = "plan",
                             .schedule = planning->schedule,
                             .trigger = "operator",
                             .firing = loop_wall(planning->engine->loop),
                             .dry = true,
                     },
                     NULL);
}

static void planning_changed(void *userdata)
{
        (void)userdata; /* the watch reports everything */
}

struct planning *planning_new(struct loop *loop, struct aws *aws, struct settings *settings,
                              const char *schedule, watch_fn *event, void *userdata)
{
        struct planning *planning = xnew(struct planning);

        planning->engine = engine_new(&(struct engine_options){
                .loop = loop,
                .aws = aws,
                .kinds = run_kinds,
                .forget = kinds_forget,
                .changed = planning_changed,
                .userdata = planning,
        });
        planning->engine->settings = settings_ref(settings);
        planning->schedule = xstrdup(schedule);
        planning->watch = watch_new(&planning->engine->watches, NULL, event, userdata);
        regions_search(&planning->engine->locations, settings, planning_begin, planning);
        return planning;
}

struct planning *planning_free(struct planning *planning)
{
        if (!planning)
                return NULL;
        watch_free(planning->watch);
        engine_free(planning->engine);
        free(planning->schedule);
        free(planning);
        return NULL;
}
