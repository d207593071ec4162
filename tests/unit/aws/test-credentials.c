/* Where credentials come from, and when they are fetched anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "aws/aws.h"
#include "aws/container.h"
#include "aws/credentials.h"
#include "aws/document.h"
#include "aws/keyring.h"
#include "aws/shared.h"
#include "aws/split.h"
#include "unit/aws/fake.h"

#define ROWS(answers) answers, ELEMENTS(answers)

/* ---- the files' grammar ---- */

static const char *value_of(const struct shared *shared, const char *key)
{
        return shared_profile(shared, SHARED_MERGED, "p", key);
}

static void test_profile(void **state)
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
                /* the keys of a nested map are not those of the profile */
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

static void test_nul_byte(void **state)
{
        char text[] = "[p]\nregion = a\0b\n";
        _cleanup_(shared_done) struct shared shared = {};
        unsigned int line = 0;

        (void)state;
        assert_true(shared_parse(&shared, SHARED_CREDENTIALS, text, sizeof(text) - 1, &line) < 0);
        assert_int_equal(line, 2);
}

static void test_sections(void **state)
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

static void test_words(void **state)
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
                /* no shell looks at it */
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

static void test_container_url(void **state)
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

static void test_account_of_arn(void **state)
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

static void test_document(void **state)
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

/* ---- the chain ---- */

struct world {
        struct loop loop;
        struct http http;
        struct tools tools;
        struct keyring *keyring;
        struct keyring_wait *wait;
        unsigned int answers;
        struct credentials *got;
        char *error;
        char folder[32];
};

static const char *const variables[] = {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_STS",
        "CREDENTIALS_DIRECTORY",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONFIG_FILE",
        "HOME",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
};

static void world_init(struct world *world, const char *profile, const struct fake_answer *script,
                       size_t n)
{
        *world = (struct world){ .loop = { .wall0 = 1800000000 },
                                 .folder = "/tmp/amid-test-XXXXXX" };
        world->http = (struct http){ .loop = &world->loop, .script = script, .n_script = n };
        for (size_t i = 0; i < ELEMENTS(variables); i++)
                unsetenv(variables[i]);
        assert_non_null(mkdtemp(world->folder));
        setenv("HOME", world->folder, 1);
        world->tools =
                (struct tools){ &world->loop, &world->http, imds_new(&world->loop, &world->http) };
        world->keyring = keyring_new(
                &(struct keyring_options){ .tools = &world->tools, .profile = profile });
}

static void world_forget(struct world *world)
{
        world->wait = keyring_wait_free(world->wait);
        world->got = credentials_unref(world->got);
        free(steal(world->error));
        world->answers = 0;
}

static void write_file(const struct world *world, const char *name, const char *text)
{
        _cleanup_free_ char *path = xasprintf("%s/%s", world->folder, name);
        _cleanup_fclose_ FILE *file = fopen(path, "we");

        assert_non_null(file);
        fputs(text, file);
}

static void world_done(struct world *world)
{
        static const char *const files[] = { "aws", ".aws/credentials", ".aws/config", ".aws" };

        world_forget(world);
        keyring_free(world->keyring);
        imds_free(world->tools.imds);
        assert_int_equal(world->http.open, 0);
        assert_null(world->loop.timers);
        fake_http_done(&world->http);
        for (size_t i = 0; i < ELEMENTS(files); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s", world->folder, files[i]);

                remove(path);
        }
        assert_int_equal(remove(world->folder), 0);
}

static void on_keys(struct credentials *credentials, const char *error, void *userdata)
{
        struct world *world = userdata;

        world->answers++;
        world->got = credentials_ref(credentials);
        world->error = xstrdup(error);
        world->wait = keyring_wait_free(world->wait);
}

static void get(struct world *world)
{
        world_forget(world);
        world->wait = keyring_wait(world->keyring, on_keys, world);
        assert_int_equal(world->answers, 0);
        fake_run(&world->loop);
        assert_int_equal(world->answers, 1);
        assert_true(!world->got == !!world->error);
}

static void check_key(const struct world *world, const char *access_key)
{
        if (!world->got || !streq(world->got->access_key, access_key))
                fail_msg("%s wanted: %s, %s", access_key,
                         world->got ? world->got->access_key : "none", world->error);
}

static void make_files(struct world *world)
{
        _cleanup_free_ char *folder = xasprintf("%s/.aws", world->folder);

        assert_int_equal(mkdir(folder, 0700), 0);
        write_file(world, ".aws/credentials",
                   "[default]\naws_access_key_id=SHARED\naws_secret_access_key=s\n"
                   "[both]\naws_access_key_id=CREDENTIALS\naws_secret_access_key=s\n"
                   "[half]\naws_access_key_id=HALF\n");
        write_file(world, ".aws/config",
                   "[profile both]\naws_access_key_id=CONFIG\naws_secret_access_key=s\n"
                   "[profile config]\naws_access_key_id=CONFIG\naws_secret_access_key=s\n"
                   "[profile mfa]\nrole_arn=arn:x\nsource_profile=default\nmfa_serial=1\n"
                   "[profile loop1]\nrole_arn=arn:x\nsource_profile=loop2\n"
                   "[profile loop2]\nrole_arn=arn:x\nsource_profile=loop1\n"
                   "[profile self]\nrole_arn=arn:x\nsource_profile=self\n"
                   "[profile two]\nrole_arn=arn:x\nsource_profile=self\n"
                   "credential_source=Environment\n"
                   "[profile none]\nrole_arn=arn:x\n"
                   "[profile gone]\nrole_arn=arn:x\nsource_profile=nobody\n"
                   "[profile named]\nrole_arn=arn:x\ncredential_source=Nowhere\n"
                   "[profile poor]\nrole_arn=arn:x\nsource_profile=empty\n[profile empty]\n"
                   "[profile quote]\ncredential_process=x 'y\n"
                   "[profile sso]\nsso_account_id=111122223333\n"
                   "[profile role]\nrole_arn=arn:aws:iam::111122223333:role/r\n"
                   "source_profile=inner\nexternal_id=a b\nregion=eu-west-1\n"
                   "[profile inner]\nrole_arn=arn:aws:iam::444455556666:role/i\n"
                   "source_profile=own\nrole_session_name=me\nduration_seconds=900\n"
                   "[profile own]\nrole_arn=arn:x\nsource_profile=own\n"
                   "aws_access_key_id=OWN\naws_secret_access_key=s\n");
}

/* Each source hides those behind it; taking the first away shows the next. */
static void test_order(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "token" },
                { .body = "role" },
                { .body = "{\"AccessKeyId\":\"IMDS\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}" },
        };
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        make_files(&world);
        write_file(&world, "aws",
                   "[default]\naws_access_key_id=SYSTEMD\naws_secret_access_key=s\n");
        setenv("CREDENTIALS_DIRECTORY", world.folder, 1);
        setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
        setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
        get(&world);
        check_key(&world, "ENV");
        unsetenv("AWS_ACCESS_KEY_ID");
        unsetenv("AWS_SECRET_ACCESS_KEY");
        get(&world);
        check_key(&world, "SHARED");
        setenv("AWS_PROFILE", "config", 1);
        get(&world);
        check_key(&world, "CONFIG");
        setenv("AWS_PROFILE", "both", 1);
        get(&world);
        check_key(&world, "CREDENTIALS");
        unsetenv("AWS_PROFILE");
        setenv("HOME", "/nonexistent", 1);
        get(&world);
        check_key(&world, "SYSTEMD");
        unsetenv("CREDENTIALS_DIRECTORY");
        get(&world);
        check_key(&world, "IMDS");
        assert_string_equal(world.got->token, "t");
        assert_string_equal(world.http.sent[0].method, "PUT");
        assert_string_equal(world.http.sent[0].url, "http://169.254.169.254/latest/api/token");
        assert_string_equal(world.http.sent[2].url, "http://169.254.169.254/latest/meta-data/iam/"
                                                    "security-credentials/role");
        assert_string_equal(world.http.sent[2].token, "token");
        world_done(&world);
}

/* What is set up and broken is told, not passed over. */
static void test_broken(void **state)
{
        static const struct {
                int line;
                const char *profile, *variable, *value, *error;
        } rows[] = {
                { __LINE__, NULL, "AWS_SECRET_ACCESS_KEY", "s", "only the second is set" },
                { __LINE__, NULL, "AWS_PROFILE", "half", "only one of aws_access_key_id" },
                { __LINE__, NULL, "AWS_PROFILE", "mfa", "wants mfa_serial" },
                { __LINE__, NULL, "AWS_PROFILE", "loop1", "leads back" },
                { __LINE__, NULL, "AWS_PROFILE", "self", "leads back" },
                { __LINE__, NULL, "AWS_PROFILE", "two", "needs only one of source_profile" },
                { __LINE__, NULL, "AWS_PROFILE", "none", "needs one of source_profile" },
                { __LINE__, NULL, "AWS_PROFILE", "gone", "source_profile nobody of profile gone" },
                { __LINE__, NULL, "AWS_PROFILE", "named", "credential_source Nowhere" },
                { __LINE__, NULL, "AWS_PROFILE", "poor", "its source has no credentials" },
                { __LINE__, NULL, "AWS_PROFILE", "quote", "a quote that is not closed" },
                { __LINE__, NULL, "AWS_PROFILE", "sso", "lacks sso_start_url" },
                { __LINE__, NULL, "AWS_WEB_IDENTITY_TOKEN_FILE", "/x", "no $AWS_ROLE_ARN" },

                { __LINE__, NULL, "AWS_PROFILE", "typo", "no profile typo in " },
                { __LINE__, "typo", "AWS_PROFILE", "both", "no profile typo in " },
                { __LINE__, NULL, "AWS_CONFIG_FILE", "/etc", "/etc: Is a directory" },
                { __LINE__, NULL, "AWS_CONFIG_FILE", "/etc/hostname", ":1: neither [section]" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;

                world_init(&world, rows[i].profile, NULL, 0);
                make_files(&world);
                setenv(rows[i].variable, rows[i].value, 1);
                get(&world);
                if (!world.error || !strstr(world.error, rows[i].error))
                        fail_msg("row of line %d: %s", rows[i].line, world.error);
                world_done(&world);
        }
}

/* The settings' profile goes before the environment. */
static void test_named_profile(void **state)
{
        struct world world;

        (void)state;
        world_init(&world, "both", NULL, 0);
        make_files(&world);
        setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
        setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
        setenv("AWS_PROFILE", "config", 1);
        get(&world);
        check_key(&world, "CREDENTIALS");
        world_done(&world);
}

/* ---- what is asked for over the wire ---- */

#define ASSUMED(action, key, account)                                                              \
        "<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" action         \
        "Result><Credentials><AccessKeyId>" key "</AccessKeyId><SecretAccessKey>s"                 \
        "</SecretAccessKey><SessionToken>t-" key                                                   \
        "</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration></Credentials>"               \
        "<AssumedRoleUser><Arn>arn:aws:sts::" account                                              \
        ":assumed-role/r/amid</Arn></AssumedRoleUser></" action "Result>"                          \
        "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></" action "Response>"
#define IDENTITY(account)                                                                          \
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::" account           \
        ":user/x</Arn><UserId>U</UserId><Account>" account                                         \
        "</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"

/* Two roles, one after the other; the credentials of the one take the other. */
static void test_roles(void **state)
{
        static const struct fake_answer script[] = {
                { .body = ASSUMED("AssumeRole", "INNER", "444455556666") },
                { .body = ASSUMED("AssumeRole", "OUTER", "111122223333") },
        };
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        make_files(&world);
        setenv("AWS_PROFILE", "role", 1);
        get(&world);
        check_key(&world, "OUTER");
        assert_string_equal(world.got->account, "111122223333");
        assert_int_equal(world.got->expires, 1800003600);
        assert_string_equal(world.http.sent[0].url, "https://sts.us-east-1.amazonaws.com/");
        assert_non_null(strstr(world.http.sent[0].authorization, "Credential=OWN/"));
        assert_string_equal(world.http.sent[0].body,
                            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"
                            "444455556666%3Arole%2Fi&RoleSessionName=me&DurationSeconds=900");
        assert_string_equal(world.http.sent[1].url, "https://sts.eu-west-1.amazonaws.com/");
        assert_string_equal(world.http.sent[1].token, "t-INNER");
        assert_string_equal(world.http.sent[1].body,
                            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"
                            "111122223333%3Arole%2Fr&RoleSessionName=amid&ExternalId=a+b");
        world_done(&world);
}

/* Nobody signs, and the token is read anew. */
static void test_web_identity(void **state)
{
        static const struct fake_answer script[] = {
                { .status = 400,
                  .body = "<ErrorResponse><Error><Code>InvalidIdentityToken</Code>"
                          "</Error></ErrorResponse>" },
                { .body = ASSUMED("AssumeRoleWithWebIdentity", "WEB", "111122223333") },
        };
        _cleanup_free_ char *path = NULL;
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        path = xasprintf("%s/aws", world.folder);
        write_file(&world, "aws", "one\n");
        setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
        setenv("AWS_ROLE_ARN", "arn:aws-cn:iam::111122223333:role/w", 1);
        get(&world);
        assert_non_null(strstr(world.error, "InvalidIdentityToken"));
        assert_null(world.http.sent[0].authorization);
        assert_string_equal(world.http.sent[0].url, "https://sts.cn-northwest-1.amazonaws.com.cn/");
        write_file(&world, "aws", "two\n");
        /* the same would come out again within half a minute */
        get(&world);
        assert_int_equal(world.http.n_sent, 1);
        fake_run_for(&world.loop, (CREDENTIALS_PATIENCE + 1) * USEC_PER_SEC);
        get(&world);
        check_key(&world, "WEB");
        assert_true(endswith(world.http.sent[0].body, "&WebIdentityToken=one"));
        assert_true(endswith(world.http.sent[1].body, "&WebIdentityToken=two"));
        world_done(&world);
}

static void test_container(void **state)
{
        static const struct fake_answer script[] = {
                { .outcome = HTTP_LOST },
                { .status = 500 },
                { .body = "{\"AccessKeyId\":\"BOX\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                          "\"Expiration\":\"2027-01-15T09:00:00Z\"}" },
        };
        _cleanup_free_ char *path = NULL;
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        path = xasprintf("%s/aws", world.folder);
        write_file(&world, "aws", "secret\n");
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials", 1);
        setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this", 1);
        setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, 1);
        get(&world);
        check_key(&world, "BOX");
        assert_int_equal(world.http.n_sent, 3);
        for (size_t i = 0; i < 3; i++) {
                assert_string_equal(world.http.sent[i].url, "http://169.254.170.23/v1/credentials");
                assert_string_equal(world.http.sent[i].authorization, "secret");
        }
        world_done(&world);
}

/* Credentials of another account than the settings expect are not used. */
static void test_expect_account(void **state)
{
        static const struct fake_answer script[] = { { .body = IDENTITY("111122223333") },
                                                     { .body = IDENTITY("444455556666") } };
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        make_files(&world);
        keyring_free(world.keyring);
        world.keyring = keyring_new(&(struct keyring_options){
                .tools = &world.tools, .region = "us-west-2", .expect_account = "444455556666" });
        get(&world);
        assert_non_null(strstr(world.error, "of account 111122223333, not 444455556666"));
        assert_string_equal(world.http.sent[0].url, "https://sts.us-west-2.amazonaws.com/");
        assert_string_equal(world.http.sent[0].body, "Action=GetCallerIdentity&Version=2011-06-15");
        fake_run_for(&world.loop, (CREDENTIALS_PATIENCE + 1) * USEC_PER_SEC);
        get(&world);
        check_key(&world, "SHARED");
        assert_string_equal(world.got->arn, "arn:aws:iam::444455556666:user/x");
        assert_ptr_equal(keyring_current(world.keyring), world.got);
        assert_int_equal(world.http.n_sent, 2);
        world_done(&world);
}

/* ---- refreshing ---- */

#define ROLE_KEYS(key, expires)                                                                    \
        "{\"Code\":\"Success\",\"AccessKeyId\":\"" key "\",\"SecretAccessKey\":\"s\","             \
        "\"Token\":\"t\",\"Expiration\":\"" expires "\"}"

/* The wall clock of the tests starts at 2027-01-15T08:00:00Z. */
static void test_refresh_ahead(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "token" },
                { .body = "role" },
                { .body = ROLE_KEYS("ONE", "2027-01-15T09:00:00Z") },
                /* 15 minutes before the end: in the background */
                { .body = "role" },
                { .status = 500 },
                { .status = 500 },
                { .status = 500 },
                /* again after half a minute; the token is no longer valid */
                { .status = 401 },
                { .body = "token2" },
                { .body = "role" },
                { .body = ROLE_KEYS("TWO", "2027-01-15T10:00:00Z") },
        };
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        get(&world);
        check_key(&world, "ONE");
        fake_run_for(&world.loop, 44 * SEC_PER_MIN * USEC_PER_SEC);
        assert_ptr_equal(keyring_current(world.keyring), world.got);
        assert_int_equal(world.http.n_sent, 3);
        fake_run_for(&world.loop, 2 * SEC_PER_MIN * USEC_PER_SEC);
        assert_ptr_equal(keyring_current(world.keyring), world.got);
        fake_run(&world.loop);
        assert_int_equal(world.http.n_sent, 7);
        /* It failed: the old set goes on, and nobody asks again at once. */
        assert_ptr_equal(keyring_current(world.keyring), world.got);
        fake_run(&world.loop);
        assert_int_equal(world.http.n_sent, 7);
        fake_run_for(&world.loop, (CREDENTIALS_PATIENCE + 1) * USEC_PER_SEC);
        assert_ptr_equal(keyring_current(world.keyring), world.got);
        fake_run(&world.loop);
        assert_int_equal(world.http.n_sent, 11);
        assert_string_equal(world.http.sent[7].token, "token");
        assert_string_equal(world.http.sent[9].token, "token2");
        assert_string_equal(keyring_current(world.keyring)->access_key, "TWO");
        world_done(&world);
}

/* Ten minutes before the end calls wait; when nothing better comes, they get the old set. */
static void test_refresh_urgent(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "token" },
                { .body = "role" },
                { .body = ROLE_KEYS("ONE", "2027-01-15T09:00:00Z") },
                { .outcome = HTTP_UNSENT },
                { .outcome = HTTP_UNSENT },
                { .outcome = HTTP_UNSENT },
        };
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        get(&world);
        fake_run_for(&world.loop, 55 * SEC_PER_MIN * USEC_PER_SEC);
        assert_null(keyring_current(world.keyring));
        get(&world);
        check_key(&world, "ONE");
        assert_int_equal(world.http.n_sent, 6);
        assert_ptr_equal(keyring_current(world.keyring), world.got);
        world_done(&world);
}

/* IMDS goes on giving a set that has ended: it stays in use, and is asked for again later. */
static void test_static_stability(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "token" },
                { .body = "role" },
                { .body = ROLE_KEYS("OLD", "2027-01-15T07:00:00Z") },
                { .body = "role" },
                { .body = ROLE_KEYS("NEW", "2027-01-15T20:00:00Z") },
        };
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        get(&world);
        check_key(&world, "OLD");
        fake_run_for(&world.loop, 16 * SEC_PER_MIN * USEC_PER_SEC);
        assert_ptr_equal(keyring_current(world.keyring), world.got);
        fake_run(&world.loop);
        assert_int_equal(world.http.n_sent, 3);
        fake_run_for(&world.loop, 10 * SEC_PER_MIN * USEC_PER_SEC);
        assert_ptr_equal(keyring_current(world.keyring), world.got);
        fake_run(&world.loop);
        assert_string_equal(keyring_current(world.keyring)->access_key, "NEW");
        world_done(&world);
}

struct waiter {
        struct keyring_wait *wait, **drop;
        unsigned int answers;
};

static void on_waited(struct credentials *credentials, const char *error, void *userdata)
{
        struct waiter *waiter = userdata;

        assert_non_null(credentials);
        assert_null(error);
        waiter->answers++;
        if (waiter->drop)
                *waiter->drop = keyring_wait_free(*waiter->drop);
}

static void test_one_refresh_for_all(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "token", .delay = USEC_PER_SEC },
                { .body = "role" },
                { .body = ROLE_KEYS("ONE", "2027-01-15T20:00:00Z") },
        };
        struct waiter waiters[10] = {};
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        for (size_t i = 0; i < ELEMENTS(waiters); i++) {
                waiters[i].wait = keyring_wait(world.keyring, on_waited, &waiters[i]);
                fake_run_for(&world.loop, 10 * USEC_PER_MSEC);
        }
        waiters[3].wait = keyring_wait_free(waiters[3].wait);
        waiters[4].drop = &waiters[5].wait; /* from inside another's answer */
        fake_run(&world.loop);
        for (size_t i = 0; i < ELEMENTS(waiters); i++) {
                assert_int_equal(waiters[i].answers, i != 3 && i != 5);
                keyring_wait_free(waiters[i].wait);
        }
        world_done(&world);
}

/* ---- regions ---- */

struct finder {
        struct aws_region_slot *slot;
        char *region, *error;
};

static void on_region(const char *region, const char *error, void *userdata)
{
        struct finder *finder = userdata;

        finder->region = xstrdup(region);
        finder->error = xstrdup(error);
        finder->slot = aws_region_slot_free(finder->slot);
}

static void check_region(struct world *world, struct aws_account *account, const char *region,
                         const char *error)
{
        struct finder finder = {};

        finder.slot = aws_find_region(account, on_region, &finder);
        fake_run(&world->loop);
        assert_null(finder.slot);
        assert_true(streq(finder.region, region));
        assert_true(error ? finder.error && strstr(finder.error, error) : !finder.error);
        free(finder.region);
        free(finder.error);
}

static void test_region(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "token" },
                { .body = "eu-west-1" },
                { .status = 404 },
        };
        struct world world;
        struct aws *aws;
        struct aws_account *account;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        make_files(&world);
        write_file(&world, ".aws/config", "[default]\nregion = sa-east-1\n");
        aws_new(&world.loop, &world.http, &aws);
        account = aws_account(aws, &(struct aws_account_options){ .name = "x" });
        setenv("AWS_REGION", "us-west-1", 1);
        setenv("AWS_DEFAULT_REGION", "us-west-2", 1);
        check_region(&world, account, "us-west-1", NULL);
        unsetenv("AWS_REGION");
        check_region(&world, account, "us-west-2", NULL);
        unsetenv("AWS_DEFAULT_REGION");
        check_region(&world, account, "sa-east-1", NULL);
        setenv("AWS_CONFIG_FILE", "/dev/null", 1);
        setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9/", 1);
        check_region(&world, account, "eu-west-1", NULL);
        assert_string_equal(world.http.sent[1].url,
                            "http://127.0.0.1:9/latest/meta-data/placement/region");
        check_region(&world, account, NULL, "HTTP 404 for meta-data/placement/region");
        setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
        check_region(&world, account, NULL, "switched off");
        assert_int_equal(world.http.n_sent, 3);
        aws_account_unref(account);
        aws_free(aws);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sections),
                cmocka_unit_test(test_words),
                cmocka_unit_test(test_container_url),
                cmocka_unit_test(test_account_of_arn),
                cmocka_unit_test(test_roles),
                cmocka_unit_test(test_web_identity),
                cmocka_unit_test(test_container),
                cmocka_unit_test(test_expect_account),
                cmocka_unit_test(test_profile),
                cmocka_unit_test(test_nul_byte),
                cmocka_unit_test(test_document),
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_broken),
                cmocka_unit_test(test_named_profile),
                cmocka_unit_test(test_refresh_ahead),
                cmocka_unit_test(test_refresh_urgent),
                cmocka_unit_test(test_static_stability),
                cmocka_unit_test(test_one_refresh_for_all),
                cmocka_unit_test(test_region),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
