/* The provider chain, and the region of the daemon. */
#include "unit/aws/credentials.h"

/* ---- the chain ---- */

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

/* Removes the first provider again and again, which shows the next one. */
static void an_earlier_provider_goes_first(void **state)
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

/* A configured but broken provider is reported and not skipped. */
static void a_broken_provider_ends_the_chain(void **state)
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
static void the_profile_of_the_settings_goes_before_the_environment(void **state)
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

/* ---- providers that send requests ---- */

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

/* The credentials of one role assume another role. */
static void a_role_is_assumed_with_the_credentials_of_another_role(void **state)
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

/* AssumeRoleWithWebIdentity without a signature, with a token that is read anew each time. */
static void a_web_identity_needs_no_signature(void **state)
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
        /* No refresh for half a minute after a failed one. */
        get(&world);
        assert_int_equal(world.http.n_sent, 1);
        fake_run_for(&world.loop, (CREDENTIALS_BACKOFF + 1) * USEC_PER_SEC);
        get(&world);
        check_key(&world, "WEB");
        assert_true(endswith(world.http.sent[0].body, "&WebIdentityToken=one"));
        assert_true(endswith(world.http.sent[1].body, "&WebIdentityToken=two"));
        world_done(&world);
}

static void the_agent_of_a_container_is_asked_again_after_an_error(void **state)
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
static void credentials_of_an_unexpected_account_are_refused(void **state)
{
        static const struct fake_answer script[] = { { .body = IDENTITY("111122223333") },
                                                     { .body = IDENTITY("444455556666") } };
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        make_files(&world);
        credentials_cache_free(world.cache);
        world.cache = credentials_cache_new(&(struct credentials_cache_options){
                .tools = &world.tools, .region = "us-west-2", .expect_account = "444455556666" });
        get(&world);
        assert_non_null(strstr(world.error, "of account 111122223333, not 444455556666"));
        assert_string_equal(world.http.sent[0].url, "https://sts.us-west-2.amazonaws.com/");
        assert_string_equal(world.http.sent[0].body, "Action=GetCallerIdentity&Version=2011-06-15");
        fake_run_for(&world.loop, (CREDENTIALS_BACKOFF + 1) * USEC_PER_SEC);
        get(&world);
        check_key(&world, "SHARED");
        assert_string_equal(world.got->arn, "arn:aws:iam::444455556666:user/x");
        assert_ptr_equal(credentials_cache_current(world.cache), world.got);
        assert_int_equal(world.http.n_sent, 2);
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

static void the_region_of_the_daemon_is_found_in_order(void **state)
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
                cmocka_unit_test(an_earlier_provider_goes_first),
                cmocka_unit_test(a_broken_provider_ends_the_chain),
                cmocka_unit_test(the_profile_of_the_settings_goes_before_the_environment),
                cmocka_unit_test(a_role_is_assumed_with_the_credentials_of_another_role),
                cmocka_unit_test(a_web_identity_needs_no_signature),
                cmocka_unit_test(the_agent_of_a_container_is_asked_again_after_an_error),
                cmocka_unit_test(credentials_of_an_unexpected_account_are_refused),
                cmocka_unit_test(the_region_of_the_daemon_is_found_in_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
