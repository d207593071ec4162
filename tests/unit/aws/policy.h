/*
 * An evaluator of IAM policies, with the elements that amid's documents use. Any other element
 * fails the test.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <fnmatch.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

enum { CONTEXT_MAX = 6, VALUES_MAX = 4 };

/* A request on a resource, with its condition keys. */
struct asked {
        const char *action, *resource;
        struct {
                const char *key, *values[VALUES_MAX];
        } context[CONTEXT_MAX];
};

/* The text `i` of a member that is a text or a list of texts; NULL at the end. */
static inline const char *policy_text(const cJSON *object, const char *member, int i)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, member);

        if (cJSON_IsString(item))
                return i == 0 ? item->valuestring : NULL;
        return cJSON_GetStringValue(cJSON_GetArrayItem(item, i));
}

/* Matches * and ? like IAM in ARNs, where they also match a slash. */
static inline bool policy_like(const char *pattern, const char *text)
{
        return fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}

/* The values of a condition key, or NULL. */
static inline const char *const *context_of(const struct asked *asked, const char *key)
{
        for (size_t i = 0; i < CONTEXT_MAX && asked->context[i].key; i++)
                if (streq(asked->context[i].key, key))
                        return asked->context[i].values;
        return NULL;
}

static inline bool any_matches(const cJSON *conditions, const char *key, const char *value,
                               bool like)
{
        const char *wanted;

        for (int i = 0; (wanted = policy_text(conditions, key, i)); i++)
                if (like ? policy_like(wanted, value) : streq(wanted, value))
                        return true;
        return false;
}

static inline bool condition_holds(const char *operator, const cJSON * conditions, const char *key,
                                   const struct asked *asked)
{
        const char *const *values = context_of(asked, key);

        if (streq(operator, "Null"))
                return streq(policy_text(conditions, key, 0), values ? "false" : "true");
        if (streq(operator, "ForAllValues:StringEquals")) {
                for (size_t i = 0; values && i < VALUES_MAX && values[i]; i++)
                        if (!any_matches(conditions, key, values[i], false))
                                return false;
                return true; /* also of none */
        }
        if (!streq(operator, "StringEquals") && !streq(operator, "StringLike") &&
            !streq(operator, "Bool"))
                fail_msg("what is %s?", operator);
        return values && any_matches(conditions, key, values[0], streq(operator, "StringLike"));
}

static inline bool conditions_hold(const cJSON *statement, const struct asked *asked)
{
        const cJSON *operators = cJSON_GetObjectItemCaseSensitive(statement, "Condition");
        const cJSON *operator, * condition;

        cJSON_ArrayForEach (operator, operators)
                cJSON_ArrayForEach (condition, operator)
                        if (!condition_holds(operator->string, operator, condition->string, asked))
                                return false;
        return true;
}

static inline bool statement_allows(const cJSON *statement, const struct asked *asked)
{
        bool action = false, resource = false;
        const char *text;

        assert_string_equal(policy_text(statement, "Effect", 0), "Allow");
        for (int i = 0; (text = policy_text(statement, "Action", i)); i++)
                action = action || streq(text, asked->action);
        for (int i = 0; (text = policy_text(statement, "Resource", i)); i++)
                resource = resource || policy_like(text, asked->resource);
        return action && resource && conditions_hold(statement, asked);
}

static inline bool policy_allows(const cJSON *document, const struct asked *asked)
{
        const cJSON *statement;

        cJSON_ArrayForEach (statement, cJSON_GetObjectItemCaseSensitive(document, "Statement"))
                if (statement_allows(statement, asked))
                        return true;
        return false;
}
