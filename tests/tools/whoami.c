/*
 * `whoami [PROFILE]` prints amid's results from the environment and the shared files as a JSON
 * document: the credentials, the region, and the endpoint of each service. Tests compare them with
 * botocore's results.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "aws/client/account.h"
#include "aws/config/configured.h"
#include "base/alloc.h"
#include "base/text.h"

struct found {
        struct aws_account *account;
        struct credentials_cache_wait *wait;
        struct aws_region_slot *slot;
        cJSON *document;
};

static void add_text(cJSON *object, const char *name, const char *text)
{
        cJSON_AddItemToObject(object, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static void on_credentials(struct credentials *credentials, const char *error, void *userdata)
{
        struct found *found = userdata;

        add_text(found->document, "access_key", credentials ? credentials->access_key : NULL);
        add_text(found->document, "secret", credentials ? credentials->secret : NULL);
        add_text(found->document, "token", credentials ? credentials->token : NULL);
        add_text(found->document, "source", credentials ? credentials->source : NULL);
        add_text(found->document, "account", credentials ? credentials->account : NULL);
        add_text(found->document, "error", error);
        found->wait = credentials_cache_wait_free(found->wait);
        loop_exit(found->account->aws->tools.loop, 0);
}

static void add_endpoint(struct found *found, const struct service *service, const char *region)
{
        struct service_endpoint *endpoint = account_endpoint(found->account, service, region);

        add_text(found->document, service->name, endpoint->address.url);
        if (service == &service_sts)
                add_text(found->document, "signed_for", service_endpoint_signing_region(endpoint));
        if (endpoint->endpoint_error)
                add_text(found->document, "endpoint_error", endpoint->endpoint_error);
}

static void on_region(const char *region, const char *error, void *userdata)
{
        struct found *found = userdata;

        (void)error;
        add_text(found->document, "region", region);
        if (region) {
                static const struct service *const services[] = { &service_ec2, &service_sts,
                                                                  &service_ssm, &service_elb,
                                                                  &service_autoscaling };

                for (size_t i = 0; i < ELEMENTS(services); i++)
                        add_endpoint(found, services[i], region);
        }
        found->slot = aws_region_slot_free(found->slot);
        found->wait = credentials_cache_wait(found->account->credentials, on_credentials, found);
}

int main(int argc, char **argv)
{
        _cleanup_(loop_freep) struct loop *loop = NULL;
        _cleanup_(http_freep) struct http *http = NULL;
        _cleanup_(aws_freep) struct aws *aws = NULL;
        _cleanup_free_ char *ca_bundle = NULL, *error = NULL, *text = NULL;
        struct found found = { .document = cJSON_CreateObject() };

        configured_ca_bundle(&ca_bundle, &error);
        if (loop_new(&loop) < 0 || http_new(loop, &(struct http_options){}, &http) < 0 ||
            aws_new(loop, http, &aws) < 0)
                return EXIT_FAILURE;
        found.account =
                aws_account(aws, &(struct aws_account_options){
                                         .name = "default", .profile = argc > 1 ? argv[1] : NULL });
        add_text(found.document, "ca_bundle", ca_bundle);
        found.slot = aws_find_region(found.account, on_region, &found);
        loop_run(loop);
        text = cJSON_PrintUnformatted(found.document);
        puts(text);
        cJSON_Delete(found.document);
        aws_account_unref(found.account);
        return EXIT_SUCCESS;
}
