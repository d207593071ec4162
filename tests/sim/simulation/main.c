/* sim: runs simulations, one per seed. */
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "sim/simulation/checker.h"
#include "sim/simulation/coverage.h"
#include "sim/simulation/crash-sweep.h"
#include "sim/simulation/mutants.h"
#include "sim/simulation/simulation.h"

static void usage(FILE *file)
{
        fputs("Usage: sim [--seed N] [--seeds COUNT] [--years Y] [--quiet] [--trace] [--mutant "
              "NAME]\n\n"
              "Runs the daemon through simulated years of faults and crashes, and checks that its\n"
              "guarantees hold. One seed is one history.\n\n"
              "      --seed N       the (first) seed: 1\n"
              "      --seeds COUNT  as many seeds, one after the other\n"
              "      --years Y      how long each simulation lasts: a few weeks when its schedules "
              "fire\n"
              "                     daily, years when they fire once a month\n"
              "      --quiet        no faults and no crashes\n"
              "      --only NAMES   only these kinds of fault events, separated by commas\n"
              "                     (fault-event-kinds.c)\n"
              "      --trace        print the whole history\n"
              "      --crash-sweep EVERY\n"
              "                     crash the daemon once at every commit and request of every\n"
              "                     step, each time in a new simulation; 2 is each second one\n"
              "                     (--walk is the old name)\n"
              "      --memory       compare what the daemon holds after one year and after all\n"
              "      --mutant NAME  break that guarantee of the daemon (sim-mutants only)\n"
              "      --mutants      list the mutants: NAME|OPTIONS|MEANING\n"
              "  -h, --help         print this and exit\n",
              file);
}

static double cpu_seconds(void)
{
        struct timespec spent;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
        return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

/* Of all seeds. */
static struct {
        double schedule_years, seconds;
        uint64_t simulations, images, requests, crashes;
} total;

static void print_total(void)
{
        printf("total: %" PRIu64 " simulations, %.0f schedule-years, %" PRIu64
               " images made, %" PRIu64 " requests, %" PRIu64
               " crashes; %.1f s, %.0f schedule-years per CPU-minute\n",
               total.simulations, total.schedule_years, total.images, total.requests, total.crashes,
               total.seconds, total.schedule_years / total.seconds * 60);
}

static void run_seed(const struct options *options)
{
        double before = cpu_seconds(), spent;
        struct simulation *simulation = simulation_new(options);
        struct checker_numbers numbers;
        double years;

        simulation_run(simulation);
        numbers = checker_numbers(simulation->checker);
        spent = cpu_seconds() - before;
        years = fleet_schedule_years(&simulation->fleet, simulation->clock.now);
        printf("seed %" PRIu64 ": %.1f schedule-years, %" PRIu64 " images made, %" PRIu64
               " removed, %" PRIu64 " requests (%" PRIu64
               " with network faults), %.2f of the queries allowed, %" PRIu64 " commits, %" PRIu64
               " crashes, %" PRIu64 " calm periods, %" PRIu64 " firings checked, %" PRIu64
               " inspections, history %016" PRIx64 "; %.2f s, %.0f schedule-years a minute\n",
               options->seed, years, numbers.images, numbers.removed, simulation->cloud.requests,
               simulation->cloud.faults,
               (double)numbers.queries / (numbers.allowed > 1 ? numbers.allowed : 1),
               simulation->disk.commits, simulation->crashes, numbers.calms, numbers.firings,
               numbers.inspections, trace_hash(simulation->trace), spent, years / spent * 60);
        fflush(stdout);
        total.schedule_years += years;
        total.seconds += spent;
        total.simulations++;
        total.images += numbers.images;
        total.requests += simulation->cloud.requests;
        total.crashes += simulation->crashes;
        simulation_free(simulation);
}

static size_t heap_in_use(void)
{
        struct mallinfo2 info = mallinfo2();

        return info.uordblks + info.hblkhd;
}

/* The heap without the disk and without SQLite, whose page cache grows with the database up to a
 * limit of its own. */
static size_t heap_of_daemon(const struct simulation *simulation)
{
        return heap_in_use() - (size_t)sqlite3_memory_used() - disk_memory(&simulation->disk);
}

/* The heap of the daemon itself after so many years without a restart: the difference that its
 * end makes. The heap of cloud and disk is the simulation's. */
static size_t daemon_memory(const struct options *options, int years)
{
        struct simulation *simulation = simulation_new(options);
        size_t before, after;

        simulation_start(simulation);
        simulation_advance(simulation, years * SEC_PER_YEAR);
        simulation_finish(simulation);
        before = heap_of_daemon(simulation);
        machine_stop(&simulation->machine, USEC_INFINITY);
        after = heap_of_daemon(simulation);
        simulation_free(simulation);
        printf("after %3d years: %zu KiB\n", years, (before - after) >> 10);
        fflush(stdout);
        return before - after;
}

/* One year and many years take the same heap, and none of it remains afterwards. */
static bool run_memory(struct options *options)
{
        sec_t duration = options->duration ? options->duration : 100 * SEC_PER_YEAR;
        size_t start, one, many, end;

        options->no_faults = options->never_restart = true;
        (void)daemon_memory(options, 1); /* memory that libraries keep after their first use */
        start = heap_in_use();
        one = daemon_memory(options, 1);
        many = daemon_memory(options, (int)(duration / SEC_PER_YEAR));
        end = heap_in_use();
        printf("left behind: %zd bytes\n", (ssize_t)(end - start));
        return many < one + one / 4 + 65536 && end < start + 262144;
}

int main(int argc, char **argv)
{
        enum { SEED = 256, SEEDS, YEARS, QUIET, TRACE, SWEEP, MEMORY, MUTANT, MUTANTS, ONLY };
        static const struct option options[] = {
                { "seed", required_argument, NULL, SEED },
                { "seeds", required_argument, NULL, SEEDS },
                { "years", required_argument, NULL, YEARS },
                { "quiet", no_argument, NULL, QUIET },
                { "trace", no_argument, NULL, TRACE },
                { "crash-sweep", required_argument, NULL, SWEEP },
                { "walk", required_argument, NULL, SWEEP },
                { "memory", no_argument, NULL, MEMORY },
                { "mutant", required_argument, NULL, MUTANT },
                { "mutants", no_argument, NULL, MUTANTS },
                { "only", required_argument, NULL, ONLY },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        struct options chosen = { .seed = 1 };
        uint64_t seeds = 1, every = 0;
        bool memory = false;
        int option;

        while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) { /* NOLINT */
                switch (option) {
                case SEED:
                        chosen.seed = strtoull(optarg, NULL, 10);
                        break;
                case SEEDS:
                        seeds = strtoull(optarg, NULL, 10);
                        break;
                case YEARS:
                        chosen.duration = (sec_t)(strtod(optarg, NULL) * SEC_PER_YEAR);
                        break;
                case QUIET:
                        chosen.no_faults = true;
                        break;
                case TRACE:
                        chosen.trace = stdout;
                        break;
                case SWEEP:
                        every = strtoull(optarg, NULL, 10);
                        break;
                case MEMORY:
                        memory = true;
                        break;
                case MUTANT:
                        if (!mutants_choose(optarg)) {
                                fprintf(stderr, "%s: no mutant of this build\n", optarg);
                                return 2;
                        }
                        break;
                case ONLY:
                        chosen.only = optarg;
                        break;
                case MUTANTS:
                        mutants_print();
                        return EXIT_SUCCESS;
                case 'h':
                        usage(stdout);
                        return EXIT_SUCCESS;
                default:
                        usage(stderr);
                        return 2;
                }
        }
        /* Freed memory stays with the process instead of going back to the kernel and being
         * asked for again. */
        mallopt(M_TRIM_THRESHOLD, 1 << 30);
        mallopt(M_TOP_PAD, 16 << 20);
        mallopt(M_MMAP_THRESHOLD, 1 << 30);
        if (every)
                return crash_sweep(chosen.seed, every) ? EXIT_SUCCESS : EXIT_FAILURE;
        if (memory)
                return run_memory(&chosen) ? EXIT_SUCCESS : EXIT_FAILURE;
        for (; seeds > 0; seeds--, chosen.seed++)
                run_seed(&chosen);
        if (total.simulations > 1)
                print_total();
        return EXIT_SUCCESS;
}
