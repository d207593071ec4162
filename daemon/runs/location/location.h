/*
 * A location is one region of one account. Tasks send their requests there, and those that wait for
 * the same thing share one poll.
 */
#pragma once

#include "loop/loop.h"
#include "runs/location/refusal.h"
#include "settings/settings.h"

/* All locations that tasks work in, and the regions of accounts. */
struct locations {
        struct loop *loop;
        struct aws *aws;
        struct settings *settings;        /* in force; NULL: not yet */
        struct location *all;             /* struct location.next */
        struct account_regions *accounts; /* regions.c */
        struct timer *regions_found;      /* ends the search for regions */
        /* The text of a refusal has changed. */
        void (*refusal_changed)(const struct refusal *refusal, void *userdata);
        void *userdata;
};
void locations_done(struct locations *locations);

/* Kept in a location by the folders above. */
struct image_poll;
struct status_poll;
struct rotation;
struct rival;

/* A type of instances, by DescribeInstanceTypes. */
struct location_type {
        char *name;
        bool has_disks; /* instance store, which a stop erases */
};

/* A part that another file keeps in a location; freed with it. */
struct location_part {
        void (*free)(void *part);
        void *part;
};

struct location {
        struct locations *locations;
        struct loop *loop;
        struct aws_account *aws;
        char *account, *region;
        unsigned int references;
        struct reported silent;          /* services that give no answer, or take no key */
        struct reported remote_reported; /* calls of Systems Manager that are refused */
        struct image_poll *image_poll;   /* of images, image-poll.h; made when first needed */
        struct status_poll *status_poll; /* of instances, status-poll.h; the same */
        struct rotation *rotation;       /* target groups, rotation.h; the same */
        struct rival *rival;             /* another daemon, rival.h; the same */
        struct location_part *parts;     /* these four */
        size_t n_parts;
        struct location_type *types; /* that EC2 was asked about */
        size_t n_types;
        struct location *next; /* of locations->all */
};

/* The location of (account, region) under these settings. NULL when the account is not in them. */
struct location *location_get(struct locations *locations, const struct settings *settings,
                              const char *account, const char *region);
struct location *location_ref(struct location *location);
struct location *location_unref(struct location *location);
DEFINE_CLEANUP(struct location, location_unref);
/* `part` is freed with the location. */
void location_keep(struct location *location, void (*free_part)(void *part), void *part);

/* Takes the reply to each call in the location. Logs once for each code that a service cannot be
 * asked, and when a call of that service succeeds again. */
void location_heard(struct location *location, const struct action *action,
                    const struct aws_reply *reply);
/* The same for a call of a poll, which fails no task: also logs a refusal, unless `reported` has
 * it. */
void location_polled(struct location *location, const struct action *action,
                     const struct aws_reply *reply, struct reported *reported);

/* A call that many tasks wait for, as aws_call(). `refusal` keeps what AWS answers to its attempts.
 */
struct aws_slot *location_call(struct refusal *refusal, const struct action *action,
                               const void *input, aws_done_fn *done, void *userdata);
/* Takes the reply to such a call: location_polled(), and a report to the watchers of the tasks. */
void location_called(struct refusal *refusal, const struct action *action,
                     const struct aws_reply *reply);

/* Calls back for every (account, region) of a schedule, or, with NULL, of all accounts. Gives NULL,
 * or the reason why an account has no region (caller frees). */
typedef void location_fn(struct location *location, void *userdata);
char *locations_of(struct locations *locations, const struct settings *settings,
                   const struct setting_schedule *schedule, location_fn *callback, void *userdata);
