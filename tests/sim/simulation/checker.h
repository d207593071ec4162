/*
 * Who watches: the invariants. What goes to the cloud is judged when it gets there, the journal
 * when it is written, and everything at the end of a calm.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct universe;
struct witness;

/* Hooks itself into the cloud and the journal. */
struct witness *witness_new(struct universe *universe);
struct witness *witness_free(struct witness *witness);

/* The daemon starts. */
void witness_started(struct witness *witness);
/* A request has left. */
void witness_sent(struct witness *witness, const char *action, const char *region);
/* Something about a schedule changed that its firings depend on; NULL: about all. */
void witness_disturbed(struct witness *witness, const char *schedule);
/* An operator lets a run go: nobody follows its images any more. */
void witness_abandoned(struct witness *witness, const char *run);
/* A run of all schedules begins that is to change nothing: the journal does not tell. */
void witness_dry_run(struct witness *witness);
/* The disk is about to fall ill, or to heal. */
void witness_disk_changes(struct witness *witness);
/* People deregister this image. */
void witness_people_took(struct witness *witness, const char *image);
/* People change the tags of this image so that it is theirs. */
void witness_people_keep(struct witness *witness, const char *image);
/* Whether the daemon has stopped this instance and not brought it back yet. */
bool witness_is_held(const struct witness *witness, const char *instance);
/* Calm has begun: sets up what operators do in it. */
void witness_calm_begins(struct witness *witness);
/* Three days without trouble are over: all has to be well. */
void witness_season_ends(struct witness *witness);

struct witness_numbers {
        uint64_t images, removed, seasons, firings, condemned;
        uint64_t looks;     /* at who is away, in the midst of it */
        uint64_t questions; /* answered, and */
        double allowed;     /* how many may be: checker-budget.c */
};
struct witness_numbers witness_numbers(const struct witness *witness);
