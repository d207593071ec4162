/*
 * The IAM policies of amid as one table of statements. The files of config/policy/ are printed from
 * the table, `amictl policy` fills in the values of the settings, and the advice after a denial
 * quotes its statements. Pure.
 *
 * A statement has the actions of one feature and is as narrow as IAM allows. The resources and
 * condition keys of each action:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum { POLICY_SIZE_MAX = 6144 }; /* characters of a managed policy, white space not counted */

/* A feature of amid; each has a file in config/policy/. */
enum policy_feature {
        POLICY_CORE,
        POLICY_STATUS_CHECKS,
        POLICY_STOP,
        POLICY_ENCRYPTED,
        POLICY_FREEZE,
        POLICY_TARGET_GROUPS,
        POLICY_DRAIN,
        POLICY_STANDBY,
        POLICY_ROLES,
        POLICY_SESSION_TAGS,
        POLICY_EXPLAIN,
        POLICY_FEATURES,
};

/* "core": the name of the file, without .json. */
const char *policy_name(enum policy_feature feature);
/* The purpose of the policy of a feature: "images of running and stopped ...". */
const char *policy_help(enum policy_feature feature);

/* The target instances of the features in `set`: instances that have all of the tags, each with any
 * of its values, and whose id is in the list unless the list is empty. Pointers are borrowed. */
struct policy_tag {
        const char *key;
        const char *const *values;
        size_t n_values;
};
struct policy_targets {
        unsigned int set; /* 1 << enum policy_feature */
        const struct policy_tag *tags;
        size_t n_tags;
        const char *const *ids;
        size_t n_ids;
};

/* Values for the placeholders of the statements. Strings are borrowed. */
struct policy_values {
        const char *partition; /* "aws" */
        const char *owner;     /* key `owner` of the settings */
        const struct policy_targets *targets;
        size_t n_targets;
        const char *const *roles; /* ARNs; an empty list gives an example */
        size_t n_roles;
};

/* The values of the files in config/policy/: owner amid, targets Backup=nightly. */
extern const struct policy_values policy_example;

/* The document of all features in `set` (1 << enum policy_feature). Caller deletes. */
cJSON *policy_document(unsigned int set, const struct policy_values *values);

/* A statement of the table that policy_find() returns. */
struct policy_statement {
        enum policy_feature feature;
        const char *sid;
        char *text; /* JSON of that action alone, in one line */
};
/* The `i`th statement that allows `action` ("ec2:CreateTags") on `resource`, an ARN or "*" for an
 * unknown resource, within a call of `called` ("CreateImage"); false: there are no more. Caller
 * frees `text`. Without targets or roles in `values` the statement has TAG=VALUE or `resource`. */
bool policy_find(const char *action, const char *called, const char *resource,
                 const struct policy_values *values, size_t i, struct policy_statement *ret);
