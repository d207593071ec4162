/* A world for credentials: an environment, files, and an http that answers from a script. Include
 * it in one file of a program. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "aws/client/aws.h"
#include "aws/credentials/cache.h"
#include "aws/credentials/imds.h"
#include "aws/request/clock.h"
#include "aws/request/credentials.h"
#include "unit/aws/fake.h"

#define ROWS(answers) answers, ELEMENTS(answers)

struct world {
        struct loop loop;
        struct http http;
        struct tools tools;
        struct aws_slot *calls; /* of the tools */
        struct clock_sample clock;
        struct credentials_cache *cache;
        struct credentials_cache_wait *wait;
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

static inline void world_init(struct world *world, const char *profile,
                              const struct fake_answer *script, size_t n)
{
        *world = (struct world){ .loop = { .wall0 = 1800000000 },
                                 .folder = "/tmp/amid-test-XXXXXX" };
        world->http = (struct http){ .loop = &world->loop, .script = script, .n_script = n };
        for (size_t i = 0; i < ELEMENTS(variables); i++)
                unsetenv(variables[i]);
        assert_non_null(mkdtemp(world->folder));
        setenv("HOME", world->folder, 1);
        world->tools =
                (struct tools){ &world->loop, &world->http, imds_new(&world->loop, &world->http),
                                &world->clock, &world->calls };
        world->cache = credentials_cache_new(
                &(struct credentials_cache_options){ .tools = &world->tools, .profile = profile });
}

static inline void world_forget(struct world *world)
{
        world->wait = credentials_cache_wait_free(world->wait);
        world->got = credentials_unref(world->got);
        free(steal(world->error));
        world->answers = 0;
}

static inline void write_file(const struct world *world, const char *name, const char *text)
{
        _cleanup_free_ char *path = xasprintf("%s/%s", world->folder, name);
        _cleanup_fclose_ FILE *file = fopen(path, "we");

        assert_non_null(file);
        fputs(text, file);
}

static inline void world_done(struct world *world)
{
        static const char *const files[] = { "aws", ".aws/credentials", ".aws/config", ".aws" };

        world_forget(world);
        credentials_cache_free(world->cache);
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

static inline void on_keys(struct credentials *credentials, const char *error, void *userdata)
{
        struct world *world = userdata;

        world->answers++;
        world->got = credentials_ref(credentials);
        world->error = xstrdup(error);
        world->wait = credentials_cache_wait_free(world->wait);
}

static inline void get(struct world *world)
{
        world_forget(world);
        world->wait = credentials_cache_wait(world->cache, on_keys, world);
        assert_int_equal(world->answers, 0);
        fake_run(&world->loop);
        assert_int_equal(world->answers, 1);
        assert_true(!world->got == !!world->error);
}

static inline void check_key(const struct world *world, const char *access_key)
{
        if (!world->got || !streq(world->got->access_key, access_key))
                fail_msg("%s wanted: %s, %s", access_key,
                         world->got ? world->got->access_key : "none", world->error);
}
