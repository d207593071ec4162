/*
 * The IAM policies of amid as one table of statements. config/policy/ is printed from it, `amictl
 * policy` fills it in with the settings at hand, and the advice after a denial quotes it. Pure.
 *
 * A statement names the actions of one feature and is as narrow as AWS lets it be. What each action
 * knows of resources and conditions:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum { POLICY_SIZE_MAX = 6144 }; /* characters of a managed policy, white space not counted */

/* Each is a file of config/policy/. */
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
/* The purpose of the policy file of a feature: "images of running and stopped ...". */
const char *policy_help(enum policy_feature feature);

/* Instances that the statements of the features in `set` are limited to: all of the tags, with any
 * of a tag's values; and these ids, where there are any. All is borrowed. */
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

/* Values that are filled into the statements. Strings are borrowed. */
struct policy_values {
        const char *partition; /* "aws" */
        const char *owner;     /* of the settings */
        const struct policy_targets *targets;
        size_t n_targets;
        const char *const *roles; /* ARNs; none: an example */
        size_t n_roles;
};

/* The document of the files: owner amid, targets Backup=nightly. */
extern const struct policy_values policy_example;

/* The document of all features in `set` (1 << enum policy_feature). Caller deletes. */
cJSON *policy_document(unsigned int set, const struct policy_values *values);

/* A statement that allows `action` ("ec2:CreateTags") on `resource`, an ARN or "*" where AWS named
 * none. `called` is the action of the API that needs it ("CreateImage"). */
struct policy_statement {
        enum policy_feature feature;
        const char *sid;
        char *text; /* JSON of that action alone, in one line */
};
/* The `i`th of these, or false. `text` is the caller's to free. Values: as above; where targets and
 * roles are not known, TAG=VALUE and the resource that was named. */
bool policy_find(const char *action, const char *called, const char *resource,
                 const struct policy_values *values, size_t i, struct policy_statement *ret);
