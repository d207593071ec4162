/*
 * The settings file as checked structs. Loaded whole or not at all; reference counted, because a
 * run keeps the settings it started with while a reload brings newer ones.
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

/* All keys must match, any of a key's values does. Values are literal, not patterns. */
struct setting_tag_match {
        char *key;
        char **values;
        size_t n_values;
};

struct setting_account {
        char *name;
        char **regions; /* none: the region the daemon itself is set up for */
        size_t n_regions;
        bool all_regions;   /* every one that is open to the account; then there are no `regions` */
        char *endpoint_url; /* NULL: AWS's own */
        char *profile;      /* of the shared files; NULL: the daemon's own credentials */
        char *role_arn;     /* to take with these; NULL: none, and so are the next four */
        char *external_id, *session_name; /* may be NULL */
        struct setting_tag *session_tags;
        size_t n_session_tags;
        sec_t duration;       /* of a session of the role; 0: AWS's default */
        char *expect_account; /* refuse credentials of another account; NULL: take what comes */
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
/* The level that retain.require names, one higher than in enum setting_consistency. */
enum setting_require {
        REQUIRE_NONE, /* it is not given */
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
/* What a stop may lose, as bits. */
enum {
        STOP_LOSES_INSTANCE_STORE = 1,
        STOP_LOSES_ADDRESS = 2,
        STOP_OF_SPOT = 4,
        STOP_IN_AUTO_SCALING = 8,
};

/* An instance is a target when it satisfies all that is given: one of the ids (if any), every key
 * of `tags`, none of `exclude_tags`, and one of the states. There is an id or a tag at least. */
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
        sec_t window; /* no instance goes down that would not be back by then; 0: no limit */
        enum setting_target_groups target_groups;
        enum setting_auto_scaling auto_scaling;
        enum setting_proof proof;
};

/* Shell scripts, each with its lines; run one after the other. */
struct setting_freeze {
        char **before, **after;
        size_t n_before, n_after;
        sec_t timeout; /* the instance thaws by itself after this */
        enum setting_on_freeze_failure on_failure;
};

struct setting_image {
        char *name;        /* template: {schedule} {instance} {time} */
        char *description; /* template; may be NULL */
        struct setting_tag *tags;
        size_t n_tags; /* SETTINGS_TAGS_MAX at most: the rest is for ours */
        bool copy_tags;
        char **exclude_devices;
        size_t n_exclude_devices;
};

struct setting_schedule {
        char *name;
        char *expression_text, *timezone;
        struct zone *zone;        /* owned reference; schedule.zone borrows it */
        struct schedule schedule; /* schedule.anchor is filled in by the planner */
        sec_t flexible_window;    /* 0: none */
        enum setting_missed missed;
        sec_t missed_within;
        enum setting_overlap overlap;
        bool enabled;
        char **accounts; /* names of setting_account; at least one */
        size_t n_accounts;
        char **regions; /* none: those of each account */
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
        bool has_retain; /* without `retain` nothing is ever removed */
        struct retention_policy retain;
        enum setting_require retain_require; /* what an image must be worth to count */
};

struct settings {
        unsigned int references;
        char *file; /* the path it was loaded from */
        char *owner;
        unsigned int api_share;           /* percent of EC2's request rate that we take at most */
        struct setting_account *accounts; /* by name; at least one */
        size_t n_accounts;
        struct setting_schedule *schedules; /* by name; may be none */
        size_t n_schedules;
};

enum {
        SETTINGS_FILE_MAX = 4 << 20, /* bytes of one file */
        SETTINGS_NAME_MAX = 64,      /* characters of a schedule's or account's name */
        SETTINGS_TAGS_MAX = 40,      /* EC2 allows 50 tags; 10 are kept for amid's own */
        /* bytes of all `before`, and of all `after`: SSM takes 64 KiB for a command, and they
         * travel in base64, `after` twice */
        SETTINGS_SCRIPT_MAX = 8 << 10,
};

/*
 * Loads `path` and then every NAME.yaml of conf.d beside it, in name order. On success gives 0 and
 * the settings; `messages` then holds warnings, if any (`FILE:LINE:COL: warning: message`).
 * Otherwise -EINVAL (or the errno of reading) and every error of every file, a line each, as
 * `FILE:LINE:COL: message`; where a whole file is meant, as `FILE: message`. A file that others
 * than root and the caller may change is not read (-EPERM): base/trust.h.
 *
 * No clock is read: that a schedule's last firing is past is for the caller to find. Zone files are
 * read, from $TZDIR or /usr/share/zoneinfo.
 */
int settings_load(const char *path, struct settings **ret, struct text *messages);
/* The same from memory; `name` stands for FILE, and there is no conf.d. */
int settings_parse(const char *name, const char *data, size_t size, struct settings **ret,
                   struct text *messages);
struct settings *settings_ref(struct settings *settings);
struct settings *settings_unref(struct settings *settings);
DEFINE_CLEANUP(struct settings, settings_unref);

/* NULL when there is none of that name. */
const struct setting_schedule *settings_schedule(const struct settings *settings, const char *name);
const struct setting_account *settings_account(const struct settings *settings, const char *name);
/* The name of the schedule that may have been meant, or NULL; part of `settings`. */
const char *settings_closest_schedule(const struct settings *settings, const char *name);
/* The sentence that there is no schedule of that name, and which one may have been meant. Caller
 * frees. */
char *settings_no_schedule(const struct settings *settings, const char *name);

/* Words of the enums above, as in the file. */
const char *consistency_name(enum setting_consistency consistency);
bool consistency_find(const char *name, enum setting_consistency *ret);

/* Fills a template: {schedule}, {instance}, {time} (compact UTC). Caller frees. */
char *setting_expand(const char *template, const char *schedule, const char *instance, sec_t time);

/* The key tables in print: the KEYS part of man/amid.yaml.5 (mdoc) and config/amid.schema.json. */
void settings_print_manual(struct text *text);
void settings_print_schema(struct text *text);
