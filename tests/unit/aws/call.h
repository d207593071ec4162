/* A world for aws_call(): virtual time, and an http that answers from a script. Include it in one
 * file of a program. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "aws/client/aws.h"
#include "aws/services/ec2.h"
#include "aws/services/elb.h"
#include "aws/services/ssm.h"
#include "unit/aws/fake.h"

#define ROWS(answers) answers, ELEMENTS(answers)

struct world {
        struct loop loop;
        struct http http;
        struct aws *aws;
        struct aws_account *account;
        struct aws_slot *slot;

        unsigned int answers;
        enum aws_outcome outcome;
        char *code, *message, *request_id, *described;
        unsigned int attempts;
        bool may_have_acted;
        const struct action *action;
        struct ec2_images images;
        struct ec2_created_image created;
};

static inline void world_init(struct world *world, const struct fake_answer *script, size_t n)
{
        *world = (struct world){ .loop = { .wall0 = 1800000000 } };
        world->http = (struct http){ .loop = &world->loop, .script = script, .n_script = n };
        setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
        setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
        unsetenv("AWS_SESSION_TOKEN");
        unsetenv("AWS_ENDPOINT_URL");
        unsetenv("AWS_ENDPOINT_URL_EC2");
        unsetenv("AWS_PROFILE");
        unsetenv("CREDENTIALS_DIRECTORY");
        setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
        setenv("AWS_CONFIG_FILE", "/dev/null", 1);
        assert_int_equal(aws_new(&world->loop, &world->http, &world->aws), 0);
        aws_set_owner(world->aws, "prod");
        world->account =
                aws_account(world->aws, &(struct aws_account_options){ .name = "default" });
}

/* Frees the results of the call before. */
static inline void forget_answer(struct world *world)
{
        free(steal(world->code));
        free(steal(world->message));
        free(steal(world->request_id));
        free(steal(world->described));
        world->answers = 0;
}

static inline void world_done(struct world *world)
{
        aws_slot_free(world->slot);
        aws_account_unref(world->account);
        aws_free(world->aws);
        assert_int_equal(world->http.open, 0);
        assert_null(world->loop.timers);
        fake_http_done(&world->http);
        forget_answer(world);
        if (ec2_describe_images.output)
                shape_done(ec2_describe_images.output, &world->images);
        free(world->created.id);
}

static inline void on_done(const struct aws_reply *reply, void *userdata)
{
        struct world *world = userdata;

        world->answers++;
        world->outcome = reply->outcome;
        world->attempts = reply->attempts;
        world->may_have_acted = aws_may_have_acted(reply);
        world->code = xstrdup(reply->code);
        world->message = xstrdup(reply->message);
        world->request_id = xstrdup(reply->request_id);
        world->described = aws_describe_failure(reply, world->action, "us-east-1");
        if (reply->output && world->action == &ec2_describe_images) {
                world->images = *(struct ec2_images *)reply->output;
                *(struct ec2_images *)reply->output = (struct ec2_images){};
        } else if (reply->output && world->action == &ec2_create_image) {
                world->created.id = steal(((struct ec2_created_image *)reply->output)->id);
        }
        /* What the runs will do. */
        world->slot = aws_slot_free(world->slot);
}

static inline void start(struct world *world, const struct action *action, const void *input)
{
        forget_answer(world);
        world->action = action;
        world->slot = aws_call(world->account, "us-east-1", action, input, on_done, world);
        assert_int_equal(world->answers, 0);
}

static inline void call(struct world *world, const struct action *action, const void *input)
{
        start(world, action, input);
        fake_run(&world->loop);
        assert_int_equal(world->answers, 1);
}

static const struct describe_images mine = { .owners = (const char *[]){ "self" }, .n_owners = 1 };
static const struct create_image image = { .instance = "i-1", .name = "web-1" };

#define IMAGES(items, more)                                                                        \
        "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"              \
        "<requestId>r-1</requestId><imagesSet>" items "</imagesSet>" more                          \
        "</DescribeImagesResponse>"
#define IMAGE(id) "<item><imageId>" id "</imageId><imageState>available</imageState></item>"
#define CREATED   "<CreateImageResponse><imageId>ami-1</imageId></CreateImageResponse>"
#define FAILED(code)                                                                               \
        "<Response><Errors><Error><Code>" code                                                     \
        "</Code><Message>because</Message></Error></Errors>"                                       \
        "<RequestID>r-9</RequestID></Response>"
#define HTML "<!doctype html><html><body>Internal Server Error</body></html>"
#define LOST                                                                                       \
        {                                                                                          \
                .outcome = HTTP_LOST                                                               \
        }
#define ERROR(number, word)                                                                        \
        {                                                                                          \
                .status = (number), .body = FAILED(word)                                           \
        }
#define UNSENT                                                                                     \
        {                                                                                          \
                .outcome = HTTP_UNSENT                                                             \
        }

/* What aws_usage() reports of the buckets of DescribeImages. */
struct capacities {
        double least, most;
        double factor;
        unsigned long long throttles;
        unsigned int buckets;
};

static inline void on_usage(const struct aws_usage *usage, void *userdata)
{
        struct capacities *capacities = userdata;

        assert_string_equal(usage->action, "DescribeImages");
        if (!capacities->buckets || usage->capacity < capacities->least)
                capacities->least = usage->capacity;
        if (!capacities->buckets || usage->capacity > capacities->most)
                capacities->most = usage->capacity;
        capacities->factor = usage->factor;
        capacities->throttles += usage->throttles;
        capacities->buckets++;
}
