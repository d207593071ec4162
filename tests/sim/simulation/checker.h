/*
 * The checker: the invariants of the simulation. A request is checked when it arrives, a journal
 * line when it is written, and the whole state at the end of each calm period.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct simulation;
struct checker;

/* Sets the hooks of the cloud and of the journal. */
struct checker *checker_new(struct simulation *simulation);
struct checker *checker_free(struct checker *checker);

/* The daemon has started. */
void checker_started(struct checker *checker);
/* A request has left. */
void checker_sent(struct checker *checker, const char *action, const char *region);
/* A schedule has changed in something that its firings depend on; NULL: all schedules. */
void checker_schedule_changed(struct checker *checker, const char *schedule);
/* An operator abandons a run: the daemon polls its images no more. */
void checker_abandoned(struct checker *checker, const char *run);
/* A dry run of all schedules begins, of which the journal has no line. */
void checker_dry_run(struct checker *checker);
/* The disk is about to fail, or to work again. */
void checker_disk_changes(struct checker *checker);
/* Another user deregisters this image. */
void checker_image_taken(struct checker *checker, const char *image);
/* Another user changes the tags of this image so that it is not the daemon's any more. */
void checker_image_kept(struct checker *checker, const char *image);
/* Whether the daemon has stopped this instance and not brought it back yet. */
bool checker_is_stopped(const struct checker *checker, const char *instance);
/* A calm period begins: arms the agenda of its operators. */
void checker_calm_begins(struct checker *checker);
/* A calm period ends: every invariant has to hold. */
void checker_calm_ends(struct checker *checker);

struct checker_numbers {
        uint64_t images, removed, calms, firings, unkept;
        uint64_t inspections; /* of the instances, while runs are open */
        uint64_t queries;     /* answered Describe requests, */
        double allowed;       /* and the budget for them: checker-budget.c */
};
struct checker_numbers checker_numbers(const struct checker *checker);
