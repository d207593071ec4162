/*
 * The settings as checked structs. A file with an error gives no settings. Settings have a
 * reference count, because a run keeps its settings when a reload brings newer ones.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "retention/retention.h"
#include "schedule/schedule.h"

struct setting_tag {
        char *key, *value;
};

/* A key with alternative values. Of several matches all have to be met. Values are no patterns. */
struct setting_tag_match {
        char *key;
        char **values;
        size_t n_values;
};

struct setting_account {
        char *name;
        char **regions; /* empty: the region that the daemon itself is configured for */
        size_t n_regions;
        bool all_regions;   /* all regions that are enabled for the account; `regions` is empty */
        char *endpoint_url; /* NULL: the endpoints of AWS */
        char *profile;      /* of the shared files; NULL: the daemon's own credentials */
        char *role_arn; /* role to assume; NULL: none, and the fields up to `duration` are empty */
        char *external_id, *session_name; /* may be NULL */
        struct setting_tag *session_tags;
        size_t n_session_tags;
        sec_t duration;       /* of a role session; 0: AWS's default */
        char *expect_account; /* account id: credentials of another account are refused; or NULL */
};

enum setting_missed { MISSED_NONE, MISSED_LATEST, MISSED_ALL };
enum setting_overlap { OVERLAP_SKIP, OVERLAP_QUEUE };
enum setting_consistency {
        CONSISTENCY_CRASH,
        CONSISTENCY_FREEZE,
        CONSISTENCY_REBOOT,
        CONSISTENCY_STOP,
        CONSISTENCY_AUTO,
};
/* The level of the key retain.require: enum setting_consistency plus 1. */
enum setting_require {
        REQUIRE_NONE, /* the key is not set */
        REQUIRE_CRASH,
        REQUIRE_FREEZE,
        REQUIRE_REBOOT,
        REQUIRE_STOP,
};
enum setting_on_shortfall { ON_SHORTFALL_KEEP, ON_SHORTFALL_FAIL };
enum setting_group_by { GROUP_ALL, GROUP_ZONE, GROUP_AUTO_SCALING, GROUP_TARGET_GROUP, GROUP_TAG };
enum setting_target_groups { TARGET_GROUPS_WATCH, TARGET_GROUPS_DRAIN, TARGET_GROUPS_IGNORE };
enum setting_auto_scaling { AUTO_SCALING_LEAVE, AUTO_SCALING_STANDBY };
enum setting_proof { PROOF_CHECKS, PROOF_SSM };
enum setting_on_failure { ON_FAILURE_HALT, ON_FAILURE_CONTINUE };
enum setting_on_freeze_failure { ON_FREEZE_FAILURE_SKIP, ON_FREEZE_FAILURE_CRASH };
enum { TARGET_RUNNING = 1, TARGET_STOPPED = 2 };
enum setting_impaired { IMPAIRED_IMAGE, IMPAIRED_SKIP };
/* Bits for instances that may be stopped although a stop has a loss for them. */
enum {
        STOP_LOSES_INSTANCE_STORE = 1,
        STOP_LOSES_ADDRESS = 2,
        STOP_OF_SPOT = 4,
        STOP_IN_AUTO_SCALING = 8,
};

/* The conditions for a target instance: its id is in the list, unless the list is empty; it matches
 * all of `tags` and none of `exclude_tags`; its state is in `states`. Ids and tags are not both
 * empty. */
struct setting_targets {
        struct setting_tag_match *tags, *exclude_tags;
        size_t n_tags, n_exclude_tags;
        char **instance_ids;
        size_t n_instance_ids;
        unsigned int states; /* TARGET_* bits */
        enum setting_impaired impaired;
        unsigned int expect_min, expect_max; /* expect_max 0: no limit */
};

struct setting_reboot {
        unsigned int max_parallel;
        enum setting_group_by group_by;
        char *group_tag; /* for GROUP_TAG */
        sec_t settle, ready_timeout;
        enum setting_on_failure on_failure;
        sec_t window; /* outages have to end within this time after the firing; 0: no limit */
        enum setting_target_groups target_groups;
        enum setting_auto_scaling auto_scaling;
        enum setting_proof proof;
};

/* Shell scripts, each of one or more lines, which run one after the other. */
struct setting_freeze {
        char **before, **after;
        size_t n_before, n_after;
        sec_t timeout; /* the script on the instance thaws after this time */
        enum setting_on_freeze_failure on_failure;
};

struct setting_image {
        char *name;        /* template: {schedule} {instance} {time} */
        char *description; /* template; may be NULL */
        struct setting_tag *tags;
        size_t n_tags; /* at most SETTINGS_TAGS_MAX */
        bool copy_tags;
        char **exclude_devices;
        size_t n_exclude_devices;
};

struct setting_schedule {
        char *name;
        char *expression_text, *timezone;
        struct zone *zone;        /* owned reference; schedule.zone borrows it */
        struct schedule schedule; /* the planner sets schedule.anchor */
        sec_t flexible_window;    /* 0: none */
        enum setting_missed missed;
        sec_t missed_within;
        enum setting_overlap overlap;
        bool enabled;
        char **accounts; /* names of accounts; at least one */
        size_t n_accounts;
        char **regions; /* empty: the regions of each account */
        size_t n_regions;
        struct setting_targets targets;
        enum setting_consistency consistency;
        enum setting_on_shortfall on_shortfall;
        sec_t reboot_max_age; /* for CONSISTENCY_AUTO */
        struct setting_reboot reboot;
        unsigned int stop_allow; /* STOP_* bits */
        bool has_freeze;
        struct setting_freeze freeze;
        struct setting_image image;
        bool has_retain; /* false: no image is ever removed */
        struct retention_policy retain;
        enum setting_require retain_require; /* the level that an image needs to count */
};

struct settings {
        unsigned int references;
        char *file; /* path of the main file */
        char *owner;
        unsigned int api_share;           /* percent of each token bucket that amid uses at most */
        struct setting_account *accounts; /* sorted by name; at least one */
        size_t n_accounts;
        struct setting_schedule *schedules; /* sorted by name; may be empty */
        size_t n_schedules;
};

enum {
        SETTINGS_FILE_MAX = 4 << 20, /* bytes of one file */
        SETTINGS_NAME_MAX = 64,      /* characters of a schedule's or account's name */
        SETTINGS_TAGS_MAX = 40,      /* EC2 allows 50 tags; 10 are kept for amid's own */
        /* bytes of all scripts `before`, and of all `after`. SSM allows 64 KiB for a command, which
         * has the scripts in base64, and `after` twice. */
        SETTINGS_SCRIPT_MAX = 8 << 10,
};

/*
 * Loads `path` and then every NAME.yaml of conf.d beside it, in the order of names. 0 with the
 * settings, and with warnings in `messages` (`FILE:LINE:COL: warning: message`). Otherwise -EINVAL,
 * or the errno of reading, with all errors of all files in `messages`, a line each: `FILE:LINE:COL:
 * message`, or `FILE: message` about a whole file. A file that others than root and the caller may
 * change is not read (-EPERM): base/trust.h.
 *
 * Zone files are read from $TZDIR or /usr/share/zoneinfo. No clock is read, so a schedule whose
 * last firing is past is no error.
 */
int settings_load(const char *path, struct settings **ret, struct text *messages);
/* Loads settings from memory, without conf.d. `name` is FILE in messages. */
int settings_parse(const char *name, const char *data, size_t size, struct settings **ret,
                   struct text *messages);
struct settings *settings_ref(struct settings *settings);
struct settings *settings_unref(struct settings *settings);
DEFINE_CLEANUP(struct settings, settings_unref);

/* The schedule with the name, or NULL. */
const struct setting_schedule *settings_schedule(const struct settings *settings, const char *name);
const struct setting_account *settings_account(const struct settings *settings, const char *name);
/* The closest name of a schedule, or NULL. Borrowed from `settings`. */
const char *settings_closest_schedule(const struct settings *settings, const char *name);
/* The message that there is no schedule of the name, with the closest name. Caller frees. */
char *settings_no_schedule(const struct settings *settings, const char *name);

/* The words of the enums above, as in the settings. */
const char *consistency_name(enum setting_consistency consistency);
bool consistency_find(const char *name, enum setting_consistency *ret);

/* A template with {schedule}, {instance} and {time} (compact UTC) filled in. Caller frees. */
char *setting_expand(const char *template, const char *schedule, const char *instance, sec_t time);

/* Print the key tables: section KEYS of man/amid.yaml.5 (mdoc), and config/amid.schema.json. */
void settings_print_manual(struct text *text);
void settings_print_schema(struct text *text);
