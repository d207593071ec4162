/*
 * The time and memory per schedule when 100,000 schedules are loaded and planned with a store on
 * disk. They are in files of conf.d with PER_FILE schedules each, because of SETTINGS_FILE_MAX.
 * Exits with 1 when a schedule of 100,000 costs more than GROWTH_MAX times a schedule of 1,000: the
 * cost of linear code does not grow.
 */
#include <errno.h>
#include <ftw.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/manager/manager.h"

enum { FEW = 1000, MANY = 100000, PER_FILE = 5000 };
static const double growth_max =
        5; /* caches are allowed for; a search through all would show 100 */

static const char *const expressions[] = {
        "cron(0/5 * * * ? 2090-2199)",      "cron(0 3 * * ? 2090-2199)",
        "cron(0 18 ? * MON-FRI 2090-2199)", "cron(0 0 L * ? 2090-2199)",
        "cron(0 0 ? * 6#3 2090-2199)",      "at(2099-01-01T00:00:00)",
};
static const char *const zones[] = { "UTC", "Asia/Seoul", "America/New_York", "Europe/Berlin" };

/* The measured phases, in their order. */
enum phase { LOAD, PLAN_NEW, ASK, RELOAD, START_AGAIN, PHASES };
static const char *const phase_names[PHASES] = {
        [LOAD] = "read and check the settings",
        [PLAN_NEW] = "plan, each one new to the store",
        [ASK] = "tell when each fires next",
        [RELOAD] = "plan again after a reload",
        [START_AGAIN] = "open the store and plan at a restart",
};

struct figures {
        double usec[PHASES]; /* CPU time for each schedule */
        double settings_bytes, plan_bytes;
};

static double cpu_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double bytes_in_use(void)
{
        struct mallinfo2 info = mallinfo2();

        return (double)(info.uordblks + info.hblkhd);
}

static void fail(const char *what, const char *why)
{
        fprintf(stderr, "bench-schedules: %s: %s\n", what, why);
        exit(2);
}

/* ---- settings ---- */

static char *name_of(size_t i)
{
        return xasprintf("fleet-%06zu-nightly", i);
}

static void write_schedule(FILE *file, size_t i)
{
        _cleanup_free_ char *name = name_of(i);

        fprintf(file,
                "  %s:\n    schedule: %s\n    timezone: %s\n    consistency: crash\n"
                "    targets: {tags: {Fleet: f-%zu, Env: [prod, stage]}}\n"
                "    retain: {last: 3, daily: 7}\n",
                name, expressions[i % ELEMENTS(expressions)], zones[i % ELEMENTS(zones)], i);
}

static FILE *create(const char *path)
{
        FILE *file = fopen(path, "we");

        if (!file)
                fail(path, strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
        return file;
}

static char *write_settings(const char *directory, size_t n)
{
        _cleanup_free_ char *conf_d = xasprintf("%s/conf.d", directory);
        char *path = xasprintf("%s/amid.yaml", directory);
        FILE *file = create(path);

        fputs("version: 1\naccounts: {a: {regions: [us-east-1]}}\n", file);
        fclose(file);
        mkdir(conf_d, 0700);
        for (size_t i = 0; i < n; i += PER_FILE) {
                _cleanup_free_ char *part = xasprintf("%s/%06zu.yaml", conf_d, i);

                file = create(part);
                fputs("schedules:\n", file);
                for (size_t k = i; k < n && k < i + PER_FILE; k++)
                        write_schedule(file, k);
                fclose(file);
        }
        return path;
}

/* ---- the parts of a daemon ---- */

struct inside {
        struct loop *loop;
        struct http *http;
        struct aws *aws;
        struct store *store;
        struct manager *manager;
        struct timer *timer;
        const char *last;
        int turns;
};

static void inside_open(struct inside *inside, const char *directory)
{
        char *error;

        if (loop_new(&inside->loop) < 0 ||
            http_new(inside->loop, &(struct http_options){ .user_agent = "bench" }, &inside->http) <
                    0 ||
            aws_new(inside->loop, inside->http, &inside->aws) < 0)
                fail("loop, http or aws", "cannot start");
        if (store_open(directory, &inside->store, &error) < 0)
                fail(directory, error);
        inside->manager = manager_new(inside->loop, inside->store, inside->aws);
}

static void inside_close(struct inside *inside)
{
        manager_stop(inside->manager);
        manager_free(inside->manager);
        store_close(inside->store);
        aws_free(inside->aws);
        http_free(inside->http);
        loop_free(inside->loop);
}

/* Ends after the turn of the planner that plans the last schedule. */
static void on_turn(void *userdata)
{
        struct inside *inside = userdata;

        if (manager_next(inside->manager, inside->last) == SEC_NEVER || inside->turns++ < 2)
                timer_arm(inside->timer, 0);
        else
                loop_exit(inside->loop, 0);
}

static void inside_plan(struct inside *inside, struct settings *settings)
{
        inside->turns = 0;
        inside->last = settings->schedules[settings->n_schedules - 1].name;
        manager_apply(inside->manager, settings);
        inside->timer = timer_new(inside->loop, on_turn, inside);
        timer_arm(inside->timer, 0);
        loop_run(inside->loop);
        inside->timer = timer_free(inside->timer);
}

static struct settings *load(const char *path, size_t n)
{
        _cleanup_(text_done) struct text messages = {};
        struct settings *settings;

        if (settings_load(path, &settings, &messages) < 0)
                fail(path, text_get(&messages));
        if (settings->n_schedules != n)
                fail(path, "not all schedules were read");
        return settings;
}

/* ---- measuring ---- */

static double lap(double *start, size_t n)
{
        double now = cpu_usec(), each = (now - *start) / (double)n;

        *start = now;
        return each;
}

static void ask_all(struct inside *inside, const struct settings *settings)
{
        for (size_t i = 0; i < settings->n_schedules; i++)
                if (manager_next(inside->manager, settings->schedules[i].name) == SEC_NEVER)
                        fail(settings->schedules[i].name, "is not planned");
}

static struct figures measure(const char *directory, size_t n)
{
        _cleanup_free_ char *path = write_settings(directory, n);
        _cleanup_(settings_unrefp) struct settings *settings = NULL, *newer = NULL;
        struct inside inside = {};
        struct figures figures;
        double start, before = bytes_in_use();

        start = cpu_usec();
        settings = load(path, n);
        figures.usec[LOAD] = lap(&start, n);
        figures.settings_bytes = (bytes_in_use() - before) / (double)n;

        inside_open(&inside, directory);
        before = bytes_in_use();
        start = cpu_usec();
        inside_plan(&inside, settings);
        figures.usec[PLAN_NEW] = lap(&start, n);
        figures.plan_bytes = (bytes_in_use() - before) / (double)n;
        ask_all(&inside, settings);
        figures.usec[ASK] = lap(&start, n);

        newer = load(path, n);
        start = cpu_usec();
        inside_plan(&inside, newer);
        figures.usec[RELOAD] = lap(&start, n);
        inside_close(&inside);

        start = cpu_usec();
        inside_open(&inside, directory);
        inside_plan(&inside, newer);
        figures.usec[START_AGAIN] = lap(&start, n);
        inside_close(&inside);
        return figures;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
        (void)st;
        (void)kind;
        (void)at;
        return remove(path);
}

static struct figures measure_in_scratch(size_t n)
{
        char directory[] = "/tmp/amid-bench-XXXXXX";
        struct figures figures;

        if (!mkdtemp(directory))
                fail(directory, "cannot be made");
        figures = measure(directory, n);
        nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        return figures;
}

int main(void)
{
        struct figures few = measure_in_scratch(FEW), many = measure_in_scratch(MANY);
        struct rusage usage;
        double growth = 0;

        getrusage(RUSAGE_SELF, &usage);
        printf("%-38s %11d %11d %8s\n", "schedules, us of CPU for each", FEW, MANY, "ratio");
        for (int i = 0; i < PHASES; i++) {
                double ratio = many.usec[i] / few.usec[i];

                printf("%-38s %11.2f %11.2f %8.2f\n", phase_names[i], few.usec[i], many.usec[i],
                       ratio);
                if (ratio > growth)
                        growth = ratio;
        }
        printf("%-38s %11.0f %11.0f\n", "bytes of each in the settings", few.settings_bytes,
               many.settings_bytes);
        printf("%-38s %11.0f %11.0f\n", "bytes of each in the planner", few.plan_bytes,
               many.plan_bytes);
        printf("%-38s %11s %11ld\n", "kB at most, old and new at a reload", "", usage.ru_maxrss);
        printf("one of %d costs at most %.2f times as much as one of %d (wanted: %.0f)\n\n", MANY,
               growth, FEW, growth_max);
        return growth <= growth_max ? 0 : 1;
}
