/*
 * A simulation: a cloud, a computer with the daemon on it, and all that befalls them, drawn from
 * one seed. Private to tests/sim/simulation/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"
#include "settings/settings.h"
#include "sim/simulation/dice.h"
#include "sim/simulation/fleet.h"
#include "sim/simulation/machine.h"
#include "sim/simulation/memory-disk.h"
#include "sim/simulation/sim-http.h"
#include "sim/simulation/trace.h"
#include "sim/simulation/virtual-loop.h"

struct checker;
struct fault_event;

/* The last image of another daemon of the same owner. */
struct second_daemon {
        char *image, *schedule; /* NULL: there is none, or people have seen to it */
        const char *region;     /* of the fleet */
        usec_t at;              /* monotonic */
};

struct options {
        uint64_t seed;
        sec_t duration;            /* 0: as long as such a fleet is watched */
        FILE *trace;               /* NULL: not printed */
        bool no_faults;            /* nothing goes wrong */
        const char *only;          /* of what befalls it, names separated by commas; NULL: all */
        const struct crash *crash; /* one planned death instead of those drawn; may be NULL */
        const struct network_faults *network; /* the only one; NULL: it changes */
        bool never_restart;                   /* nor do operators restart it in calm */
        bool unready; /* the first instance does not come back from a reboot until calm begins */
        bool no_room; /* EC2 refuses every image until calm begins */
        bool image_taken;         /* people deregister an image, before all is pruned */
        bool create_unreported;   /* EC2 does not tell for long that it has made the first image */
        bool crash_before_create; /* at the first CreateImage, which is not sent; then `death`
                                     counts */
        const struct fleet_plan *plan; /* not NULL: one schedule, and operators who ask for runs of
                                          every kind: crash-sweep.h */
};

struct simulation {
        const struct options *options;
        struct virtual_clock clock;
        struct loop *loop;
        struct trace *trace;
        struct cloud cloud;
        struct disk disk;
        struct machine machine;
        struct fleet fleet;
        struct checker *checker;
        struct dice dice;
        bool image_lists_refused; /* by answer_fault_of_image_lists() */
        struct fault_event *fault_events;
        size_t n_fault_events;
        struct timer *run_fault; /* at what is going on */
        unsigned int
                run_fault_requests; /* so many more, and it is armed; 0: it is not waited for */
        usec_t busy_until;          /* something is, monotonic */
        usec_t hindered;            /* when something last hindered the daemon */
        struct timer *operators;    /* crash-sweep.c */
        size_t operations;
        struct timer *period; /* the next change between trouble and calm */
        bool calm;
        usec_t calm_since;
        struct second_daemon second; /* other-users-images.c */
        uint64_t crashes;
};

/* Runs it to its end. Ends the program when an invariant is violated. */
struct simulation *simulation_new(const struct options *options);
void simulation_run(struct simulation *simulation);
/* The same in parts: the beginning, on to a time since then, and the calm at the end. */
void simulation_start(struct simulation *simulation);
void simulation_advance(struct simulation *simulation, sec_t until);
void simulation_finish(struct simulation *simulation);
struct simulation *simulation_free(struct simulation *simulation);

/* Says what is wrong and ends the program. */
_Noreturn void simulation_fail(struct simulation *simulation, const char *invariant,
                               const char *format, ...) __attribute__((format(printf, 3, 4)));
