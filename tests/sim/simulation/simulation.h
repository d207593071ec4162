/*
 * A universe: a cloud, a computer with the daemon on it, and all that befalls them, drawn from one
 * seed. Private to tests/sim/simulation/.
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

struct witness;
struct happening;

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
        bool quiet_world;          /* nothing goes wrong */
        const char *only;          /* of what befalls it, names separated by commas; NULL: all */
        const struct death *death; /* one planned death instead of those drawn; may be NULL */
        const struct weather *weather; /* the only one; NULL: it changes */
        bool never_restart;            /* nor do operators restart it in calm */
        bool lame;       /* the first instance does not come back from a reboot until calm begins */
        bool no_room;    /* EC2 refuses every image until calm begins */
        bool taken;      /* people deregister an image, before all is pruned */
        bool unheard;    /* EC2 does not tell for long that it has made the first image */
        bool dies_first; /* at the first CreateImage, which is not sent; then `death` counts */
        const struct fleet_plan *walk; /* not NULL: one schedule, and operators who ask for runs of
                                          every kind: crash-sweep.h */
};

struct universe {
        const struct options *options;
        struct virtual_clock clock;
        struct loop *loop;
        struct trace *trace;
        struct cloud cloud;
        struct disk disk;
        struct machine machine;
        struct fleet fleet;
        struct witness *witness;
        struct dice dice;
        bool lists_refused; /* by refuse_lists_of_images() */
        struct happening *happenings;
        size_t n_happenings;
        struct timer *strike;         /* at what is going on */
        unsigned int strike_requests; /* so many more, and it is armed; 0: it is not waited for */
        usec_t busy_until;            /* something is, monotonic */
        usec_t struck;                /* when something last hindered the daemon */
        struct timer *asks;           /* crash-sweep.c */
        size_t asked;
        struct timer *season; /* the next change between trouble and calm */
        bool calm;
        usec_t calm_since;
        struct second_daemon second; /* other-users-images.c */
        uint64_t deaths;
};

/* Runs it to its end. Ends the program when an invariant is violated. */
struct universe *universe_new(const struct options *options);
void universe_run(struct universe *universe);
/* The same in parts: the beginning, on to a time since then, and the calm at the end. */
void universe_start(struct universe *universe);
void universe_go_on(struct universe *universe, sec_t until);
void universe_finish(struct universe *universe);
struct universe *universe_free(struct universe *universe);

/* Says what is wrong and ends the program. */
_Noreturn void universe_fail(struct universe *universe, const char *invariant, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));
