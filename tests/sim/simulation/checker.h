/*
 * Who watches: the invariants. What goes to the cloud is judged when it gets there, the journal
 * when it is written, and everything at the end of a calm.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct simulation;
struct checker;

/* Hooks itself into the cloud and the journal. */
struct checker *checker_new(struct simulation *simulation);
struct checker *checker_free(struct checker *checker);

/* The daemon starts. */
void checker_started(struct checker *checker);
/* A request has left. */
void checker_sent(struct checker *checker, const char *action, const char *region);
/* Something about a schedule changed that its firings depend on; NULL: about all. */
void checker_schedule_changed(struct checker *checker, const char *schedule);
/* An operator lets a run go: nobody follows its images any more. */
void checker_abandoned(struct checker *checker, const char *run);
/* A run of all schedules begins that is to change nothing: the journal does not tell. */
void checker_dry_run(struct checker *checker);
/* The disk is about to fall ill, or to heal. */
void checker_disk_changes(struct checker *checker);
/* People deregister this image. */
void checker_image_taken(struct checker *checker, const char *image);
/* People change the tags of this image so that it is theirs. */
void checker_image_kept(struct checker *checker, const char *image);
/* Whether the daemon has stopped this instance and not brought it back yet. */
bool checker_is_stopped(const struct checker *checker, const char *instance);
/* Calm has begun: sets up what operators do in it. */
void checker_calm_begins(struct checker *checker);
/* Three days without trouble are over: all has to be well. */
void checker_calm_ends(struct checker *checker);

struct checker_numbers {
        uint64_t images, removed, calms, firings, unkept;
        uint64_t inspections; /* at who is away, in the midst of it */
        uint64_t queries;     /* answered, and */
        double allowed;       /* how many may be: checker-budget.c */
};
struct checker_numbers checker_numbers(const struct checker *checker);
