/*
 * The objects of the model: locations (an account in a region) with their resources, and the random
 * numbers that all draws come from. Private to the model.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* Running out of memory ends the process, as everywhere. */
#include <uthash.h>

#include "base/time.h"
#include "sim/sim-model.h"
#include "sim/sim-timeline.h"

enum kind { KIND_INSTANCE, KIND_VOLUME, KIND_IMAGE, KIND_SNAPSHOT, KINDS };

/* EC2's names of a kind of resource. */
struct kind_info {
        const char *type;      /* in TagSpecification.N.ResourceType and the filter resource-type */
        const char *prefix;    /* of ids */
        const char *malformed; /* error code */
        const char *not_found; /* error code */
        const char *one, *many, *rest; /* message of not_found: before one id, before many, after */
};
extern const struct kind_info kind_infos[KINDS];

struct tag {
        char *key, *value;
};
struct tags {
        struct tag *list;
        size_t n;
};
/* Replaces the value of a tag there is. */
void tags_set(struct tags *tags, const char *key, const char *value);
/* Returns false when there was none of that key (and of that value, unless it is NULL). */
bool tags_unset(struct tags *tags, const char *key, const char *value);
const char *tags_get(const struct tags *tags, const char *key);
void tags_copy(struct tags *to, const struct tags *from);
void tags_done(struct tags *tags);

/* The common head of instance, volume, image and snapshot. */
struct resource {
        UT_hash_handle hh; /* sim_location.resources[kind]: by id; walks in order of creation */
        enum kind kind;
        struct sim_location *location;
        char *id;
        uint64_t serial; /* grows with every resource made: what a page token remembers */
        usec_t created;
        usec_t visible; /* the API knows of it from here on (eventual consistency) ... */
        usec_t gone;    /* ... until here; USEC_INFINITY while it lives */
        struct tags tags;
};

/* A time in which the operating system of an instance does not answer. */
struct outage {
        usec_t from, until; /* USEC_INFINITY: it does not come back */
        const char *cause;  /* static */
};

struct device {
        char *name;     /* /dev/xvda */
        char *volume;   /* of an instance: vol-... */
        char *snapshot; /* of an image: snap-..., NULL for none */
        char *volume_type;
        unsigned int size; /* GiB */
        bool delete_on_termination;
};
struct devices {
        struct device *list;
        size_t n;
};
void devices_done(struct devices *devices);

enum state {
        STATE_PENDING = 0,
        STATE_RUNNING = 16,
        STATE_SHUTTING_DOWN = 32,
        STATE_TERMINATED = 48,
        STATE_STOPPING = 64,
        STATE_STOPPED = 80,
};

/* Orders of POST /sim/instance for the instance's next image, snapshot or command. */
struct orders {
        char *image_code, *image_reason;   /* the next image fails; NULL: it does not */
        char *snapshot_error;              /* the next snapshot fails, with this StatusMessage */
        unsigned int snapshot_stuck;       /* the next snapshot stays at this percentage; 0: no */
        bool command_fails, command_hangs; /* the next command exits with 1, or never ends */
        unsigned int starts_fail; /* so many starts end in stopped again, with a StateReason */
};

enum address {
        ADDRESS_NONE,
        ADDRESS_PUBLIC, /* a new address at every start, none while it is stopped */
        ADDRESS_ELASTIC,
};

struct freeze; /* sim-freeze.h */

struct instance {
        struct resource resource;
        char *reservation, *image, *type, *zone, *client_token, *subnet;
        unsigned int launch_index;
        enum state was, state; /* `state` from `since` on, `was` before */
        usec_t since;
        usec_t launched;    /* the last start */
        usec_t check_phase; /* status checks are at whole periods plus this */
        usec_t impaired;    /* since when its status checks fail; 0: they pass */
        bool never_ready;   /* no boot ends any more */
        struct outage *outages;
        size_t n_outages;
        struct devices devices;
        struct orders orders;
        bool spot;            /* else on demand */
        enum address address; /* the public one */
        unsigned int starts;  /* how often it was started */
        bool agent;           /* has the agent of Systems Manager, and a profile that allows it */
        bool unclean;         /* its reboots find a journal to replay */
        const char *start_failed; /* StateReason while it is stopped for that; or NULL; static */
        bool service_down;        /* health checks of target groups fail, although it is up */
        struct freeze *freezes;   /* oldest first */
        size_t n_freezes;
};

struct volume {
        struct resource resource;
        char *instance, *device, *zone, *type, *snapshot; /* snapshot: made from; or NULL */
        unsigned int size;
        bool delete_on_termination, encrypted;
        usec_t last_snapshot; /* when the newest one was begun; -USEC_INFINITY: never */
};

struct snapshot {
        struct resource resource; /* created: when it began */
        char *volume, *description;
        char *error;        /* StatusMessage it fails with at `done`; NULL: it completes */
        unsigned int size;  /* GiB */
        unsigned int stuck; /* percentage it never gets past; 0: none */
        bool encrypted;
        bool locked; /* snapshot lock, or another service manages it: cannot be deleted */
        usec_t done;
};

enum image_state { IMAGE_IS_PENDING, IMAGE_IS_AVAILABLE, IMAGE_IS_FAILED };

struct image {
        struct resource resource;
        char *name, *description, *owner, *owner_alias; /* alias: amazon, or NULL */
        char *source_instance, *source_image, *source_region, *client_token;
        char *creation_date;           /* as the API writes it */
        char *fail_code, *fail_reason; /* StateReason */
        enum image_state state;        /* image_settle() brings it up to date */
        bool disabled, is_public;
        bool protected;        /* deregistration protection */
        const char *odd_state; /* static: what the API shows until `odd_until` */
        usec_t odd_until;
        usec_t launched_first, launched; /* instances were launched from it; 0: none */
        usec_t fails;        /* when it fails with fail_reason; USEC_INFINITY: it does not */
        usec_t finish;       /* from the last snapshot to available */
        usec_t deregistered; /* USEC_INFINITY: not */
        usec_t name_free;    /* until then the name is taken; USEC_INFINITY while registered */
        usec_t snapshots_free;
        struct devices devices;
};

/* An account in a region. */
struct sim_location {
        UT_hash_handle hh;
        char *key; /* "account/region" */
        char *account, *region;
        struct sim *sim;
        struct resource *resources[KINDS];
        struct target_group *target_groups;   /* sim-target.h */
        struct scaling_group *scaling_groups; /* sim-scaling.h */
        struct command *commands;             /* sim-command.h; oldest first */
        size_t open_invocations;              /* of these */
        struct bucket *buckets;
        usec_t next_sweep;
};

struct account {
        UT_hash_handle hh;
        char *access_key, *account;
};

struct sim {
        uint64_t random;
        uint64_t next_serial;
        uint64_t n_requests;
        struct timeline timeline;
        bool buckets_on;
        unsigned int pending_snapshots_max; /* per account and region; 0: no limit */
        unsigned int page_max; /* so many resources are looked at for a page, which may leave out
                                  all of them; 0: no limit */
        struct account *accounts;
        struct sim_location *locations;
        char **regions; /* regions that have an endpoint; none: all */
        size_t n_regions;
        struct fault *faults; /* sim-fault.h */
        size_t n_faults;
        struct ledger *ledger; /* sim-log.h */
};

#define DEFAULT_ACCOUNT "123456789012"

uint64_t sim_random(struct sim *sim);
/* A duration drawn from the timeline. */
usec_t sim_wait(struct sim *sim, enum wait wait);
const char *sim_account(const struct sim *sim, const char *access_key);
void sim_add_account(struct sim *sim, const char *access_key, const char *number);
/* Forgets all locations with all their resources. */
void sim_forget(struct sim *sim);
/* Never NULL; a location has one public image of Amazon from the start. */
struct sim_location *sim_location(struct sim *sim, const char *account, const char *region);

/* Makes a resource of `size` bytes (its struct) with a new id, known to the API from `visible`. */
void *resource_add(struct sim_location *location, enum kind kind, size_t size, usec_t created,
                   usec_t visible);
/* The instance of that id if it exists at `now`, else NULL. */
struct instance *instance_find(const struct sim_location *location, const char *id, usec_t now);
/* By id, alive or not; NULL when there is none. */
void *resource_find(const struct sim_location *location, enum kind kind, const char *id);
/* Frees resources that have been gone for an hour, at most every quarter of an hour. */
void sim_location_sweep(struct sim_location *location, usec_t now);
bool resource_is_there(const struct resource *resource, usec_t now);
/* `prefix` and 17 hexadecimal digits. */
char *new_id(struct sim *sim, const char *prefix);

/* Walks a hash of resources in order of creation. `item` is a new variable, hence bare. */
#define FOREACH_RESOURCE(item, location, kind)                                                     \
        for (struct resource *item = (location)->resources[kind]; /* NOLINT */                     \
             item; item = item->hh.next)                          /* NOLINT */
