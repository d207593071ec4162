/*
 * The EC2 actions that amid calls, their inputs and outputs. Names and semantics:
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ (version 2016-11-15).
 *
 * Inputs are plain structs of borrowed pointers on the caller's stack; outputs are freed by aws/.
 */
#pragma once

#include "aws/request/action.h"

struct ec2_tag {
        char *key, *value;
};

/* The value of a tag, or NULL. */
const char *ec2_tag_value(const struct ec2_tag *tags, size_t n, const char *key);

/* The values of a filter are alternatives. EC2 takes `*`, `?` and `\` in a value for a pattern;
 * ec2_filter_literal() escapes them (caller frees). */
struct ec2_filter {
        const char *name;
        const char **values;
        size_t n_values; /* EC2_FILTER_VALUES_MAX at most */
};
/* https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html */
enum { EC2_FILTER_VALUES_MAX = 200 };
char *ec2_filter_literal(const char *value);
/* Values of the filter creation-date for resources created from `first` to `last` by EC2's clock: a
 * value for each day, `2026-11-30*`; with more than EC2_FILTER_DATES days, for each month or year.
 * The filter may therefore also match resources outside of the interval. Freed by strings_free().
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html */
enum { EC2_FILTER_DATES = 7 };
char **ec2_filter_dates(sec_t first, sec_t last, size_t *ret_n);

enum instance_state {
        INSTANCE_PENDING,
        INSTANCE_RUNNING,
        INSTANCE_SHUTTING_DOWN,
        INSTANCE_TERMINATED,
        INSTANCE_STOPPING,
        INSTANCE_STOPPED,
        INSTANCE_OTHER,
};
enum image_state {
        IMAGE_PENDING,
        IMAGE_AVAILABLE,
        IMAGE_INVALID,
        IMAGE_DEREGISTERED,
        IMAGE_TRANSIENT,
        IMAGE_FAILED,
        IMAGE_ERROR,
        IMAGE_DISABLED,
        IMAGE_OTHER,
};
enum snapshot_state {
        SNAPSHOT_PENDING,
        SNAPSHOT_COMPLETED,
        SNAPSHOT_ERROR,
        SNAPSHOT_RECOVERABLE,
        SNAPSHOT_RECOVERING,
        SNAPSHOT_OTHER,
};
enum check_status {
        CHECK_OK,
        CHECK_IMPAIRED,
        CHECK_INSUFFICIENT_DATA,
        CHECK_NOT_APPLICABLE,
        CHECK_INITIALIZING,
        CHECK_OTHER,
};
extern const char *const instance_state_names[],
        *const image_state_names[], *const snapshot_state_names[], *const check_status_names[];
/* The word for `value` in a table above; "unknown" for a value that is not in the table. */
const char *ec2_word(const char *const *names, int value);

struct ec2_instance {
        char *id, *zone, *root_device_type, *image_id;
        char *lifecycle; /* "spot", "scheduled", "capacity-block"; NULL: on demand */
        char *type;      /* "m6id.large" */
        char *platform;  /* "windows", or NULL */
        int state;       /* enum instance_state */
        sec_t launched;  /* LaunchTime: the last start */
        char *reason;    /* StateTransitionReason; may be empty */
        char *reason_code, *reason_message; /* StateReason: "Client.UserInitiatedShutdown" */
        bool hibernation;                   /* configured */
        char *public_address;               /* IPv4, or NULL */
        struct ec2_association {
                char *public_address; /* IPv4, or NULL */
                char *owner;          /* "amazon": not an Elastic IP address */
        } * interfaces;
        size_t n_interfaces;
        struct ec2_instance_device {
                char *device, *volume;
        } * devices;
        size_t n_devices;
        struct ec2_tag *tags;
        size_t n_tags;
};
/* Whether the instance would lose a public address by a stop: one that is no Elastic IP address.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html */
bool ec2_instance_loses_address(const struct ec2_instance *instance);

struct ec2_instances {
        struct ec2_instance *instances;
        size_t n_instances;
};
struct describe_instances {
        const char **ids;
        size_t n_ids;
        struct ec2_filter *filters;
        size_t n_filters;
};
extern const struct action ec2_describe_instances;

/* A detail of a status check; `since` 0: the check does not fail, or EC2 gives no time. */
struct ec2_check_detail {
        sec_t impaired;
};
struct ec2_instance_status {
        char *id;
        int state;            /* enum instance_state */
        int system, instance; /* enum check_status */
        struct ec2_check_detail *system_details;
        size_t n_system_details;
        struct ec2_check_detail *instance_details;
        size_t n_instance_details;
};
struct ec2_instance_statuses {
        struct ec2_instance_status *statuses;
        size_t n_statuses;
};
struct describe_instance_status {
        const char **ids; /* at most 100 */
        size_t n_ids;
        bool include_all;
};
enum { DESCRIBE_STATUS_IDS_MAX = 100 };
extern const struct action ec2_describe_instance_status;

/* Success for an instance that is already in the wanted state, too. The reply only confirms the
 * request: DescribeInstances shows when the instance has the wanted state. */
struct change_instances {
        const char **ids;
        size_t n_ids;
};
struct ec2_instance_changes {
        struct ec2_instance_change {
                char *id;
                int current, previous; /* enum instance_state */
        } * changes;
        size_t n_changes;
};
/* Without the parameter Force, which may lose data that is not written yet. */
extern const struct action ec2_stop_instances;
/* Codes: IncorrectInstanceState while the instance is still stopping; InsufficientInstanceCapacity,
 * which may last for minutes. */
extern const struct action ec2_start_instances;

struct ec2_instance_type {
        char *name;
        bool instance_storage; /* has instance store volumes, which a stop erases */
        bool hibernation;
};
struct ec2_instance_types {
        struct ec2_instance_type *types;
        size_t n_types;
};
/* With `names` a type that does not exist fails the whole call with InvalidInstanceType; the filter
 * "instance-type" leaves it out. Without names and filters: all types of the region. */
struct describe_instance_types {
        const char **names; /* at most 100 */
        size_t n_names;
        struct ec2_filter *filters;
        size_t n_filters;
};
extern const struct action ec2_describe_instance_types;

struct ec2_image {
        char *id, *name, *description, *owner, *source_instance;
        int state; /* enum image_state */
        sec_t created;
        sec_t launched; /* LastLaunchedTime: the last launch of an instance from the image, with a
                         * delay of a day; 0: no launch */
        char *reason_code, *reason; /* StateReason */
        char *protection;           /* DeregistrationProtection; NULL or "disabled": none */
        struct ec2_image_device {
                char *device, *snapshot;
        } * devices;
        size_t n_devices;
        struct ec2_tag *tags;
        size_t n_tags;
};
struct ec2_images {
        struct ec2_image *images;
        size_t n_images;
};
struct describe_images {
        const char **owners;
        size_t n_owners;
        struct ec2_filter *filters;
        size_t n_filters;
        bool include_disabled;
};
extern const struct action ec2_describe_images;

/* The input for images that the account owns, also disabled images, and that match all filters.
 * `filters` is borrowed. The filter image-id leaves out an image that does not exist; the parameter
 * ImageId would fail the whole call. */
struct describe_images ec2_own_images(struct ec2_filter *filters, size_t n_filters);
/* The image with the id, or NULL. */
const struct ec2_image *ec2_find_image(const struct ec2_images *images, const char *id);

struct ec2_snapshot {
        char *id, *volume, *message; /* StatusMessage */
        char *description;           /* CreateImage: "Created by CreateImage(i-1) for ami-1" */
        int state;                   /* enum snapshot_state */
        char *progress;              /* "42%" */
        sec_t started;
        struct ec2_tag *tags;
        size_t n_tags;
};
struct ec2_snapshots {
        struct ec2_snapshot *snapshots;
        size_t n_snapshots;
};
struct describe_snapshots {
        const char **owners;
        size_t n_owners;
        struct ec2_filter *filters;
        size_t n_filters;
};
extern const struct action ec2_describe_snapshots;

/* The same for snapshots. */
struct describe_snapshots ec2_own_snapshots(struct ec2_filter *filters, size_t n_filters);

/* Tags for what a call creates; `type` is "image" or "snapshot". */
struct ec2_tag_specification {
        const char *type;
        const struct ec2_tag *tags;
        size_t n_tags;
};
struct ec2_no_device {
        const char *device, *none; /* `none` "": the image leaves out the device */
};
struct create_image {
        const char *instance, *name, *description;
        bool no_reboot;
        struct ec2_no_device *exclude;
        size_t n_exclude;
        struct ec2_tag_specification *tag_specifications;
        size_t n_tag_specifications;
};
struct ec2_created_image {
        char *id;
};
extern const struct action
        ec2_create_image; /* has no client token: only the image's name is unique */

struct deregister_image {
        const char *image;
};
extern const struct action ec2_deregister_image;

struct delete_snapshot {
        const char *snapshot;
};
extern const struct action ec2_delete_snapshot;

struct create_tags {
        const char **ids;
        size_t n_ids;
        const struct ec2_tag *tags;
        size_t n_tags;
};
extern const struct action ec2_create_tags;

/* A region that is enabled for the account: opted in, or without opt-in. */
struct ec2_region {
        char *name;
};
struct ec2_regions {
        struct ec2_region *regions;
        size_t n_regions;
};
extern const struct action ec2_describe_regions; /* no input */
