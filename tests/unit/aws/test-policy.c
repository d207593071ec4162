/* config/iam-policy.json allows what aws_actions[] calls, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/actions.h"
#include "aws/explain.h"
#include "base/alloc.h"
#include "base/text.h"

#define POLICY  "config/iam-policy.json" /* make runs tests at the top of the tree */
#define OUR_TAG "aws:ResourceTag/amid:owner"

enum { POLICY_MAX = 6144 }; /* what IAM takes for a managed policy */

static int read_policy(void **state)
{
        _cleanup_close_ int fd = open(POLICY, O_RDONLY | O_CLOEXEC);
        char text[POLICY_MAX + 1];
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

        if (n < 0 || n > POLICY_MAX)
                return -1;
        *state = cJSON_ParseWithLength(text, (size_t)n);
        return *state ? 0 : -1;
}

static int free_policy(void **state)
{
        cJSON_Delete(*state);
        return 0;
}

static const cJSON *statements_of(void **state)
{
        return cJSON_GetObjectItemCaseSensitive(*state, "Statement");
}

/* A member that is one text or a list of texts: the text at `i`, or NULL at the end. */
static const char *text_at(const cJSON *statement, const char *member, int i)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(statement, member);

        if (cJSON_IsString(item))
                return i == 0 ? item->valuestring : NULL;
        return cJSON_GetStringValue(cJSON_GetArrayItem(item, i));
}

/* What a policy calls it. */
static char *name_of(const struct action *action)
{
        return xasprintf("%s:%s", action->service->name, action->name);
}

/* Whether the statement names the action. */
static bool allows(const cJSON *statement, const char *action)
{
        const char *text;

        for (int i = 0; (text = text_at(statement, "Action", i)); i++)
                if (streq(text, action))
                        return true;
        return false;
}

/* Roles are taken by policies of their own, and everybody may ask who he is. */
static bool needs_no_statement(const struct action *action)
{
        return action->service == &service_sts && action != &sts_decode_authorization_message;
}

static const char *must_equal(const cJSON *statement, const char *key)
{
        const cJSON *condition = cJSON_GetObjectItemCaseSensitive(statement, "Condition");
        const cJSON *equals = cJSON_GetObjectItemCaseSensitive(condition, "StringEquals");

        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(equals, key));
}

static bool is_called(const char *action)
{
        for (size_t i = 0; aws_actions[i]; i++) {
                _cleanup_free_ char *name = name_of(aws_actions[i]);

                if (streq(name, action))
                        return true;
        }
        return false;
}

static void test_every_call_is_allowed(void **state)
{
        for (size_t i = 0; aws_actions[i]; i++) {
                _cleanup_free_ char *name = name_of(aws_actions[i]);
                const cJSON *statement;
                unsigned int found = 0;

                cJSON_ArrayForEach (statement, statements_of(state))
                        found += allows(statement, name);
                if (!found && !needs_no_statement(aws_actions[i]))
                        fail_msg("%s does not allow %s", POLICY, name);
        }
}

static void test_nothing_else_is(void **state)
{
        const cJSON *statement;

        cJSON_ArrayForEach (statement, statements_of(state)) {
                static const char *const known[] = { "Sid",      "Effect",    "Action",
                                                     "Resource", "Condition", NULL };
                const cJSON *member;
                const char *text;

                cJSON_ArrayForEach (member, statement) { /* no NotAction, no Principal */
                        size_t i = 0;

                        while (known[i] && !streq(known[i], member->string))
                                i++;
                        if (!known[i])
                                fail_msg("what is %s?", member->string);
                }
                assert_string_equal(text_at(statement, "Effect", 0), "Allow");
                assert_non_null(text_at(statement, "Action", 0));
                for (int i = 0; (text = text_at(statement, "Action", i)); i++) {
                        if (!is_called(text))
                                fail_msg("%s is allowed and never called", text);
                }
        }
}

/* What changes something, the statement it is in, and what that may touch. */
static const struct limit {
        const char *action, *sid;
        const char *resources[4]; /* in this order */
        const char *key, *value;  /* of its only condition, or NULL */
} limits[] = {
#define EC2(kind)  "arn:aws:ec2:*:*:" kind "/*"
#define DISK(kind) "arn:aws:ec2:*::" kind "/*"
        { "ec2:CreateImage",
          "CreateImagesOfInstances",
          { EC2("instance"), DISK("image"), DISK("snapshot") },
          NULL,
          NULL },
        { "ec2:CreateTags",
          "TagThemInTheSameCall",
          { DISK("image"), DISK("snapshot") },
          "ec2:CreateAction",
          "CreateImage" },
        { "ec2:CreateTags",
          "TagOnlyWhatAmidMade",
          { DISK("image"), DISK("snapshot") },
          OUR_TAG,
          "amid" },
        { "ec2:DeregisterImage",
          "RemoveOnlyWhatAmidMade",
          { DISK("image"), DISK("snapshot") },
          OUR_TAG,
          "amid" },
        { "ec2:DeleteSnapshot",
          "RemoveOnlyWhatAmidMade",
          { DISK("image"), DISK("snapshot") },
          OUR_TAG,
          "amid" },
        { "ec2:StopInstances", "Stop", { EC2("instance") }, NULL, NULL },
        { "ec2:StartInstances", "Stop", { EC2("instance") }, NULL, NULL },
        /* No other document, and documents of AWS only: they have no account. */
        { "ssm:SendCommand",
          "Freeze",
          { "arn:aws:ssm:*::document/AWS-RunShellScript", EC2("instance") },
          NULL,
          NULL },
        { "sts:DecodeAuthorizationMessage", "Explain", { "*" }, NULL, NULL },
        /* IAM knows no resource of it. */
        { "ssm:CancelCommand", "FreezeLook", { "*" }, NULL, NULL },
        { "elasticloadbalancing:RegisterTargets",
          "TargetGroups",
          { "arn:aws:elasticloadbalancing:*:*:targetgroup/*/*" },
          NULL,
          NULL },
        { "elasticloadbalancing:DeregisterTargets",
          "TargetGroups",
          { "arn:aws:elasticloadbalancing:*:*:targetgroup/*/*" },
          NULL,
          NULL },
        { "autoscaling:EnterStandby",
          "Standby",
          { "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*" },
          NULL,
          NULL },
        { "autoscaling:ExitStandby",
          "Standby",
          { "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*" },
          NULL,
          NULL },
};

static const struct limit *limit_of(const char *action, const char *sid)
{
        for (size_t i = 0; i < ELEMENTS(limits); i++)
                if (streq(limits[i].action, action) && streq(limits[i].sid, sid))
                        return &limits[i];
        return NULL;
}

static void check_limit(const cJSON *statement, const struct limit *limit)
{
        const cJSON *condition = cJSON_GetObjectItemCaseSensitive(statement, "Condition");
        const char *resource;
        int n = 0;

        for (; (resource = text_at(statement, "Resource", n)); n++)
                assert_string_equal(resource, limit->resources[n]);
        assert_null(limit->resources[n]);
        if (!limit->key) {
                assert_null(condition);
                return;
        }
        assert_int_equal(cJSON_GetArraySize(condition), 1);
        assert_int_equal(cJSON_GetArraySize(condition->child), 1);
        assert_string_equal(must_equal(statement, limit->key), limit->value);
}

/* What only looks knows no narrower resource than all; anything else needs a row above. */
static bool only_looks(const char *action)
{
        static const char *const verbs[] = { "Describe", "Get", "List" };
        const char *name = strchr(action, ':') + 1;

        for (size_t i = 0; i < ELEMENTS(verbs); i++)
                if (startswith(name, verbs[i]))
                        return true;
        return false;
}

static void test_limits(void **state)
{
        const cJSON *statement;
        size_t n = 0;

        cJSON_ArrayForEach (statement, statements_of(state)) {
                const char *sid = text_at(statement, "Sid", 0), *action;

                for (int i = 0; (action = text_at(statement, "Action", i)); i++) {
                        const struct limit *limit = limit_of(action, sid);

                        if (limit) {
                                check_limit(statement, limit);
                                n++;
                        } else {
                                if (!only_looks(action))
                                        fail_msg("%s has no row that limits it", action);
                                assert_string_equal(text_at(statement, "Resource", 0), "*");
                        }
                }
        }
        assert_int_equal(n, ELEMENTS(limits));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_call_is_allowed),
                cmocka_unit_test(test_nothing_else_is),
                cmocka_unit_test(test_limits),
        };

        return cmocka_run_group_tests(tests, read_policy, free_policy);
}
