/*
 * A simulation: a cloud, a computer with the daemon on it, other users and faults, all drawn from
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
        char *image, *schedule; /* NULL: there is none, or operators have ended the other daemon */
        const char *region;     /* of the fleet */
        usec_t at;              /* monotonic */
};

struct options {
        uint64_t seed;
        sec_t duration;            /* 0: as long as such a fleet is simulated by default */
        FILE *trace;               /* NULL: the history is not printed */
        bool no_faults;            /* no fault event, no crash */
        const char *only;          /* kinds of fault events, separated by commas; NULL: all */
        const struct crash *crash; /* the planned crash, and no other; NULL: crashes are drawn */
        const struct network_faults *network; /* all of the time; NULL: they change */
        bool never_restart; /* operators do not restart the daemon in a calm period */
        bool unready;       /* the first instance stays down after a reboot until a calm period */
        bool no_room;       /* EC2 refuses every image until a calm period */
        bool image_taken;   /* another user deregisters an image, before operators prune */
        bool create_unreported;   /* EC2 shows the first image only after a long time */
        bool crash_before_create; /* a first crash, before CreateImage is sent; `crash` counts after
                                     it */
        const struct fleet_plan *plan; /* the fleet of the crash sweep; NULL: it is drawn */
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
        struct timer *run_fault;         /* the next fault event in the middle of a run */
        unsigned int run_fault_requests; /* so many further requests, then it is armed; 0: none */
        usec_t busy_until;               /* until then a run is taken to be open, monotonic */
        usec_t hindered;                 /* when a fault last hindered the daemon, monotonic */
        struct timer *operators;         /* their next request: crash-sweep.c */
        size_t operations;
        struct timer *period; /* the end of this fault period or calm period */
        bool calm;
        usec_t calm_since;
        struct second_daemon second; /* other-users-images.c */
        uint64_t crashes;
};

/* Runs a simulation to its end. Ends the program when an invariant is violated. */
struct simulation *simulation_new(const struct options *options);
void simulation_run(struct simulation *simulation);
/* The same in parts: the beginning, on to a time since then, and the calm period at the end. */
void simulation_start(struct simulation *simulation);
void simulation_advance(struct simulation *simulation, sec_t until);
void simulation_finish(struct simulation *simulation);
struct simulation *simulation_free(struct simulation *simulation);

/* Prints the violated invariant and the last events, and ends the program. */
_Noreturn void simulation_fail(struct simulation *simulation, const char *invariant,
                               const char *format, ...) __attribute__((format(printf, 3, 4)));
