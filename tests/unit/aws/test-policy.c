/* config/iam-policy.json allows what ec2_actions[] calls, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/ec2.h"
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

/* Whether the statement names the action. */
static bool allows(const cJSON *statement, const char *action)
{
        const char *text;

        for (int i = 0; (text = text_at(statement, "Action", i)); i++)
                if (streq(startswith(text, "ec2:"), action))
                        return true;
        return false;
}

static const char *must_equal(const cJSON *statement, const char *key)
{
        const cJSON *condition = cJSON_GetObjectItemCaseSensitive(statement, "Condition");
        const cJSON *equals = cJSON_GetObjectItemCaseSensitive(condition, "StringEquals");

        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(equals, key));
}

static bool is_called(const char *action)
{
        for (size_t i = 0; ec2_actions[i]; i++)
                if (streq(ec2_actions[i]->name, action))
                        return true;
        return false;
}

static void test_every_call_is_allowed(void **state)
{
        for (size_t i = 0; ec2_actions[i]; i++) {
                const cJSON *statement;
                bool found = false;

                cJSON_ArrayForEach (statement, statements_of(state))
                        found = found || allows(statement, ec2_actions[i]->name);
                if (!found)
                        fail_msg("%s does not allow %s", POLICY, ec2_actions[i]->name);
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
                        const char *action = startswith(text, "ec2:");

                        if (!action || !is_called(action))
                                fail_msg("%s is allowed and never called", text);
                }
        }
}

/* What changes something names what it may touch; what removes, only what carries our tag. */
static void test_limits(void **state)
{
        static const struct {
                const char *action, *resources; /* kinds, in this order */
                bool ours;
        } rows[] = {
                { "CreateImage", "instance image snapshot", false },
                { "CreateTags", "image snapshot", false },
                { "DeregisterImage", "image snapshot", true },
                { "DeleteSnapshot", "image snapshot", true },
        };
        const cJSON *statement;

        cJSON_ArrayForEach (statement, statements_of(state)) {
                bool changes = false;

                for (size_t i = 0; i < ELEMENTS(rows); i++) {
                        _cleanup_(text_done) struct text kinds = {};
                        const char *arn;

                        if (!allows(statement, rows[i].action))
                                continue;
                        changes = true;
                        for (int j = 0; (arn = text_at(statement, "Resource", j)); j++) {
                                const char *kind = strrchr(arn, ':');

                                assert_non_null(kind);
                                assert_non_null(startswith(arn, "arn:aws:ec2:*:"));
                                assert_string_equal(strchr(kind, '/'), "/*");
                                text_printf(&kinds, "%s%.*s", j ? " " : "",
                                            (int)strcspn(kind + 1, "/"), kind + 1);
                        }
                        assert_string_equal(text_get(&kinds), rows[i].resources);
                        if (rows[i].ours)
                                assert_string_equal(must_equal(statement, OUR_TAG), "amid");
                }
                if (allows(statement, "CreateTags") && !must_equal(statement, OUR_TAG))
                        assert_string_equal(must_equal(statement, "ec2:CreateAction"),
                                            "CreateImage");
                if (changes)
                        continue;
                /* Describe actions know no narrower resource; anything else needs a row above. */
                assert_string_equal(text_at(statement, "Resource", 0), "*");
                for (int i = 0; text_at(statement, "Action", i); i++)
                        assert_non_null(
                                startswith(text_at(statement, "Action", i), "ec2:Describe"));
        }
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
