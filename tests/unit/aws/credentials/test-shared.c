/* Parsers of credentials: profiles, command lines, URLs, ARNs, documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "aws/config/shared.h"
#include "aws/credentials/container.h"
#include "aws/credentials/document.h"
#include "aws/credentials/split.h"
#include "aws/request/credentials.h"
#include "unit/aws/fake.h"

static const char *value_of(const struct shared *shared, const char *key)
{
        return shared_profile(shared, SHARED_MERGED, "p", key);
}

static void a_profile_is_read_from_a_shared_file(void **state)
{
        static const struct {
                int line;
                enum shared_file kind;
                const char *text;
                int bad_line; /* 0: can be read */
                const char *access_key, *secret, *token, *region;
        } rows[] = {
                { __LINE__, SHARED_CREDENTIALS, "", 0, NULL, NULL, NULL, NULL },
                { __LINE__, SHARED_CREDENTIALS,
                  "[p]\naws_access_key_id = A\naws_secret_access_key=B/+=\n", 0, "A", "B/+=", NULL,
                  NULL },
                { __LINE__, SHARED_CREDENTIALS,
                  "# c\n; c\n\n [p] \nAWS_Access_Key_Id=A # mine\naws_session_token\t=\tT ; x\r\n",
                  0, "A", NULL, "T", NULL },
                { __LINE__, SHARED_CREDENTIALS, "[p]\naws_secret_access_key=B#not;comment", 0, NULL,
                  "B#not;comment", NULL, NULL },
                { __LINE__, SHARED_CREDENTIALS, "\xef\xbb\xbf[p]\nregion=r", 0, NULL, NULL, NULL,
                  "r" },
                { __LINE__, SHARED_CREDENTIALS, "[p]\nregion=a\n[q]\nregion=b\n[p]\nregion=c\n", 0,
                  NULL, NULL, NULL, "c" },
                { __LINE__, SHARED_CREDENTIALS, "[profile p]\nregion=a\n", 0, NULL, NULL, NULL,
                  NULL },
                { __LINE__, SHARED_CREDENTIALS, "[p]\nregion =\n", 0, NULL, NULL, NULL, NULL },
                { __LINE__, SHARED_CREDENTIALS, "[p]\nunknown_key = x\n  y = z\nregion=r\n", 0,
                  NULL, NULL, NULL, "r" },
                { __LINE__, SHARED_CONFIG, "[profile p]\nregion=r\n", 0, NULL, NULL, NULL, "r" },
                { __LINE__, SHARED_CONFIG, "[profile \"p\"]\nregion=r\n", 0, NULL, NULL, NULL,
                  "r" },
                { __LINE__, SHARED_CONFIG, "[ profile   p ]\nregion=r\n", 0, NULL, NULL, NULL,
                  "r" },
                { __LINE__, SHARED_CONFIG, "[p]\nregion=r\n", 0, NULL, NULL, NULL, NULL },
                { __LINE__, SHARED_CONFIG, "[services p]\nregion=r\n", 0, NULL, NULL, NULL, NULL },
                /* the keys of a nested map are no keys of the profile */
                { __LINE__, SHARED_CONFIG,
                  "[profile p]\ns3 =\n  region = no\n  aws_access_key_id = no\nregion = r\n", 0,
                  NULL, NULL, NULL, "r" },
                /* a profile may be indented as a whole */
                { __LINE__, SHARED_CREDENTIALS,
                  "[p]\n  aws_access_key_id = A\n    x = y\n  region = r\n", 0, "A", NULL, NULL,
                  "r" },
                { __LINE__, SHARED_CREDENTIALS, "[p]\nnonsense\n", 2, NULL, NULL, NULL, NULL },
                { __LINE__, SHARED_CREDENTIALS, "region = r\n", 1, NULL, NULL, NULL, NULL },
                { __LINE__, SHARED_CREDENTIALS, "[p\nregion=r\n", 1, NULL, NULL, NULL, NULL },
                { __LINE__, SHARED_CREDENTIALS, "[]\n", 1, NULL, NULL, NULL, NULL },
                { __LINE__, SHARED_CREDENTIALS, "[p] x\n", 1, NULL, NULL, NULL, NULL },
                { __LINE__, SHARED_CREDENTIALS, "\n[p]\n= x\n", 3, NULL, NULL, NULL, NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(shared_done) struct shared shared = {};
                _cleanup_free_ char *text = xstrdup(rows[i].text);
                unsigned int line = 0;
                int r = shared_parse(&shared, rows[i].kind, text, strlen(text), &line);

                if ((r < 0) != (rows[i].bad_line > 0) || (int)line != rows[i].bad_line)
                        fail_msg("row of line %d: %d, line %u", rows[i].line, r, line);
                if (!streq(value_of(&shared, "aws_access_key_id"), rows[i].access_key) ||
                    !streq(value_of(&shared, "aws_secret_access_key"), rows[i].secret) ||
                    !streq(value_of(&shared, "aws_session_token"), rows[i].token) ||
                    !streq(value_of(&shared, "region"), rows[i].region))
                        fail_msg("row of line %d: wrong values", rows[i].line);
        }
}

static void a_nul_byte_is_refused_with_its_line(void **state)
{
        char text[] = "[p]\nregion = a\0b\n";
        _cleanup_(shared_done) struct shared shared = {};
        unsigned int line = 0;

        (void)state;
        assert_true(shared_parse(&shared, SHARED_CREDENTIALS, text, sizeof(text) - 1, &line) < 0);
        assert_int_equal(line, 2);
}

static void sections_of_all_kinds_are_read(void **state)
{
        char text[] = "[profile p]\nservices = s\nsso_session = x\n[sso-session x]\nsso_region=r\n"
                      "[services s]\nec2 =\n  endpoint_url = https://e/ \n  x = y\nsts = no\n"
                      "  endpoint_url = https://no/\n[empty]\n[profile empty]\n[services p]\n";
        char credentials[] = "[p]\nregion = mine\n[q]\n";
        _cleanup_(shared_done) struct shared shared = {};
        unsigned int line = 0;

        (void)state;
        assert_int_equal(shared_parse(&shared, SHARED_CONFIG, text, sizeof(text) - 1, &line), 0);
        assert_int_equal(shared_parse(&shared, SHARED_CREDENTIALS, credentials,
                                      sizeof(credentials) - 1, &line),
                         0);
        assert_string_equal(shared_service(&shared, "s", "ec2", "endpoint_url"), "https://e/");
        assert_null(shared_service(&shared, "s", "sts", "endpoint_url"));
        assert_null(shared_service(&shared, "p", "ec2", "endpoint_url"));
        assert_string_equal(shared_session(&shared, "x", "sso_region"), "r");
        assert_true(shared_has_session(&shared, "x"));
        assert_false(shared_has_session(&shared, "p"));
        assert_true(shared_has_profile(&shared, SHARED_CONFIG, "empty"));
        assert_true(shared_has_profile(&shared, SHARED_MERGED, "q"));
        assert_false(shared_has_profile(&shared, SHARED_CONFIG, "q"));
        assert_string_equal(value_of(&shared, "region"), "mine");
        assert_null(shared_profile(&shared, SHARED_CONFIG, "p", "region"));
}

static void a_command_line_is_split_like_in_a_shell(void **state)
{
        static const struct {
                int line;
                const char *text, *words; /* joined by |; NULL: refused */
        } rows[] = {
                { __LINE__, "a", "a" },
                { __LINE__, "  a  b\tc\n", "a|b|c" },
                { __LINE__, "a 'b c' \"d e\"", "a|b c|d e" },
                { __LINE__, "a'b'\"c\"d", "abcd" },
                { __LINE__, "a '' \"\"", "a||" },
                { __LINE__, "a\\ b \\\\ \\'", "a b|\\|'" },
                { __LINE__, "'a\\b' \"a\\b\\\"\\\\\"", "a\\b|a\\b\"\\" },
                /* nothing is expanded */
                { __LINE__, "echo $HOME `id` $(id) * ~ ; x > y # z",
                  "echo|$HOME|`id`|$(id)|*|~|;|x|>|y|#|z" },
                { __LINE__, "", NULL },
                { __LINE__, " \t ", NULL },
                { __LINE__, "a 'b", NULL },
                { __LINE__, "a \"b\\\"", NULL },
                { __LINE__, "a \\", NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *joined = NULL;
                const char *why = NULL;
                char **words = NULL;
                size_t n = 0;

                if (split_words(rows[i].text, &words, &n, &why) == 0) {
                        joined = strings_join(words, n, "|");
                        assert_null(words[n]);
                }
                strings_free(words, n);
                if (!streq(joined, rows[i].words) || !joined != !!why)
                        fail_msg("row of line %d: %s, %s", rows[i].line, joined, why);
        }
}

static void only_agents_are_asked_over_plain_http(void **state)
{
        static const struct {
                int line;
                const char *relative, *full, *url;
        } rows[] = {
                { __LINE__, "/v2/x?id=1", NULL, "http://169.254.170.2/v2/x?id=1" },
                { __LINE__, "/v2/x", "https://h/", "http://169.254.170.2/v2/x" },
                { __LINE__, "@evil.example.com/", NULL, NULL },
                { __LINE__, ":80@evil.example.com/", NULL, NULL },
                { __LINE__, NULL, "https://h.example.com/x", "https://h.example.com/x" },
                { __LINE__, NULL, "http://169.254.170.23/v1/credentials",
                  "http://169.254.170.23/v1/credentials" },
                { __LINE__, NULL, "http://[fd00:ec2::23]/v1", "http://[fd00:ec2::23]/v1" },
                { __LINE__, NULL, "http://[::1]:8080/v1", "http://[::1]:8080/v1" },
                { __LINE__, NULL, "http://localhost:8080/", "http://localhost:8080/" },
                { __LINE__, NULL, "http://127.0.0.1:8080/", "http://127.0.0.1:8080/" },
                { __LINE__, NULL, "http://169.254.170.3/", NULL },
                { __LINE__, NULL, "http://169.254.170.2.example.com/", NULL },
                { __LINE__, NULL, "http://169.254.170.2@example.com/", NULL },
                { __LINE__, NULL, "http://[::1", NULL },
                { __LINE__, NULL, "http://example.com/", NULL },
                { __LINE__, NULL, "file:///etc/passwd", NULL },
                { __LINE__, NULL, "", NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *why = NULL;
                _cleanup_free_ char *url = container_url(rows[i].relative, rows[i].full, &why);

                if (!streq(url, rows[i].url) || !url != !!why)
                        fail_msg("row of line %d: %s, %s", rows[i].line, url, why);
        }
}

static void an_arn_names_its_account(void **state)
{
        char account[ACCOUNT_ID_SIZE];

        (void)state;
        assert_true(account_of_arn("arn:aws:sts::111122223333:assumed-role/a/b", account));
        assert_string_equal(account, "111122223333");
        assert_false(account_of_arn("arn:aws:s3:::bucket", account));
        assert_false(account_of_arn("arn:aws:iam::1111222233334:user/x", account));
        assert_false(account_of_arn("111122223333", account));
        assert_false(account_of_arn("", account));
}

static void a_document_of_each_provider_is_parsed(void **state)
{
        static const struct {
                int line;
                const struct document *document;
                const char *json, *access_key, *token, *why;
                sec_t expires;
        } rows[] = {
                { __LINE__, &document_imds,
                  "{\"Code\":\"Success\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\","
                  "\"Token\":\"T\",\"Expiration\":\"2027-01-01T00:00:00Z\"}",
                  "A", "T", NULL, 1798761600 },
                { __LINE__, &document_imds, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}",
                  "A", NULL, NULL, SEC_NEVER },
                { __LINE__, &document_imds,
                  "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot\"}", NULL,
                  NULL, "AssumeRoleUnauthorizedAccess", 0 },
                { __LINE__, &document_imds, "{\"AccessKeyId\":\"A\"}", NULL, NULL, "no keys", 0 },
                { __LINE__, &document_imds, "{\"AccessKeyId\":1,\"SecretAccessKey\":[]}", NULL,
                  NULL, "no keys", 0 },
                { __LINE__, &document_imds,
                  "{\"AccessKeyId\":\"A\\r\\nX: y\",\"SecretAccessKey\":\"B\"}", NULL, NULL,
                  "no keys", 0 },
                { __LINE__, &document_imds,
                  "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\",\"Expiration\":\"soon\"}", NULL,
                  NULL, "Expiration", 0 },
                { __LINE__, &document_process,
                  "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\","
                  "\"SessionToken\":\"T\",\"Expiration\":\"2027-01-01T09:00:00+09:00\"}",
                  "A", "T", NULL, 1798761600 },
                { __LINE__, &document_process,
                  "{\"Version\":2,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}", NULL, NULL,
                  "no \"Version\": 1", 0 },
                { __LINE__, &document_sso,
                  "{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"B\","
                  "\"sessionToken\":\"T\",\"expiration\":1798761600123}}",
                  "A", "T", NULL, 1798761600 },
                { __LINE__, &document_sso, "{\"message\":\"no\"}", NULL, NULL, "no keys", 0 },
                { __LINE__, &document_imds, "[]", NULL, NULL, "not JSON", 0 },
                { __LINE__, &document_imds, "<html>", NULL, NULL, "not JSON", 0 },
                { __LINE__, &document_imds, "", NULL, NULL, "not JSON", 0 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(credentials_unrefp) struct credentials *credentials = NULL;
                _cleanup_free_ char *why = NULL;

                credentials =
                        document_parse(rows[i].document, rows[i].json, strlen(rows[i].json), &why);
                if (!streq(credentials ? credentials->access_key : NULL, rows[i].access_key) ||
                    (credentials && (!streq(credentials->token, rows[i].token) ||
                                     credentials->expires != rows[i].expires)) ||
                    !why != !rows[i].why || (why && !strstr(why, rows[i].why)))
                        fail_msg("row of line %d: %s", rows[i].line, why);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_profile_is_read_from_a_shared_file),
                cmocka_unit_test(a_nul_byte_is_refused_with_its_line),
                cmocka_unit_test(sections_of_all_kinds_are_read),
                cmocka_unit_test(a_command_line_is_split_like_in_a_shell),
                cmocka_unit_test(only_agents_are_asked_over_plain_http),
                cmocka_unit_test(an_arn_names_its_account),
                cmocka_unit_test(a_document_of_each_provider_is_parsed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
