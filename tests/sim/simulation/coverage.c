/* Counts crashes by step and moment. */
#include "sim/simulation/coverage.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/manager/kinds.h"

enum { STEPS_MOST = 100 };

static struct {
        const struct step *step;
        uint64_t hits[MOMENTS];
} rows[STEPS_MOST];
static size_t n_rows;
static struct engine *running;

/* The linker sends engine_new() here (--wrap=engine_new). */
struct engine *__real_engine_new(const struct engine_options *options);
struct engine *__wrap_engine_new(const struct engine_options *options);

struct engine *__wrap_engine_new(const struct engine_options *options)
{
        running = __real_engine_new(options);
        return running;
}

struct engine *coverage_engine(void)
{
        return running;
}

bool coverage_claims_now(const char *id)
{
        const struct run *run = engine_find_run(running, id);

        return run && run->claimed && streq(run->row.kind, "backup") &&
               loop_monotonic(running->loop) - run->claimed < USEC_PER_SEC;
}

void coverage_forget_engine(void)
{
        running = NULL;
}

static void note(const struct step *step, enum moment moment)
{
        for (size_t i = 0; i < n_rows; i++) {
                if (rows[i].step != step)
                        continue;
                rows[i].hits[moment]++;
                return;
        }
        if (n_rows == STEPS_MOST)
                return;
        rows[n_rows].step = step;
        rows[n_rows++].hits[moment] = 1;
}

/* Whether the task takes part in this moment: it has changes to commit, or a request. */
static bool concerns(const struct task *task, enum moment moment)
{
        if (task->run->dry || !task->step)
                return false;
        switch (moment) {
        case MOMENT_BEFORE_COMMIT:
        case MOMENT_AFTER_COMMIT:
                return task->dirty;
        case MOMENT_SENDING:
        case MOMENT_SENT:
                return task->call != NULL;
        case MOMENTS:
                break;
        }
        return false;
}

void coverage_note(const struct engine *engine, enum moment moment)
{
        for (const struct run *run = engine ? engine->runs : NULL; run; run = run->next)
                for (const struct task *task = run->tasks; task; task = task->next)
                        if (concerns(task, moment))
                                note(task->step, moment);
}

const char *coverage_unwritten(void)
{
        static char text[200];

        for (const struct run *run = running ? running->runs : NULL; run; run = run->next)
                for (const struct task *task = run->tasks; task; task = task->next)
                        if (!run->dry && task->call && task->dirty) {
                                (void)snprintf(text, sizeof(text), "%s %s in step %s",
                                               task->kind->name, task->row.subject,
                                               task->step->name);
                                return text;
                        }
        return NULL;
}

/* Whether runs of this kind are stored. Only their steps have commits. */
static bool is_stored(const struct run_kind *kind)
{
        return !streq(kind->name, "plan");
}

static uint64_t hits(const struct step *step, enum moment moment)
{
        for (size_t i = 0; i < n_rows; i++)
                if (rows[i].step == step)
                        return rows[i].hits[moment];
        return 0;
}

/* Steps that no scenario of the crash sweep comes to, or whose request none does. */
static const struct {
        const char *name;
        enum moment from; /* and later moments */
} unreached[] = {
        { "describe-named", MOMENT_SENDING },  /* for runs of instances that are not targets */
        { "describe-status", MOMENT_SENDING }, /* for plans */
};

static bool is_unreached(const struct step *step, enum moment moment)
{
        for (size_t i = 0; i < ELEMENTS(unreached); i++)
                if (streq(unreached[i].name, step->name) && moment >= unreached[i].from)
                        return true;
        return false;
}

static bool print_step(FILE *file, const struct phase *phase, const struct step *step)
{
        bool good = true;

        fprintf(file, "  %-10s %-18s", phase->kind->name, step->name);
        for (enum moment moment = 0; moment < MOMENTS; moment++) {
                bool has = moment <= MOMENT_AFTER_COMMIT || step->answer;

                if (!has)
                        fprintf(file, " %14s", "-");
                else
                        fprintf(file, " %14llu", (unsigned long long)hits(step, moment));
                good = good && (!has || hits(step, moment) || is_unreached(step, moment));
        }
        fprintf(file, "%s\n", good ? "" : "   NOT COVERED");
        return good;
}

bool coverage_print(FILE *file)
{
        const struct task_kind *seen[STEPS_MOST];
        size_t n_seen = 0;
        bool good = true;

        fprintf(file, "  %-10s %-18s", "task", "step");
        for (enum moment moment = 0; moment < MOMENTS; moment++)
                fprintf(file, " %14s", moment_names[moment]);
        fputc('\n', file);
        for (const struct run_kind *kind = run_kinds; kind->name; kind++) {
                for (const struct phase *phase = kind->phases; phase->name; phase++) {
                        bool again = !is_stored(kind);

                        for (size_t i = 0; i < n_seen; i++)
                                again = again || seen[i] == phase->kind;
                        if (again || n_seen == STEPS_MOST)
                                continue;
                        seen[n_seen++] = phase->kind;
                        for (const struct step *step = phase->kind->steps; step->name; step++)
                                good = print_step(file, phase, step) && good;
                }
        }
        return good;
}
