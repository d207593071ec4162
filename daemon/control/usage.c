/* The method Usage. */
#include "control/usage.h"

#include "base/text.h"

static void add_bucket(const struct aws_usage *usage, void *userdata)
{
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "account", usage->account);
        cJSON_AddStringToObject(item, "service", usage->service);
        cJSON_AddStringToObject(item, "region", usage->region);
        cJSON_AddStringToObject(item, "action", usage->action);
        cJSON_AddNumberToObject(item, "requests", (double)usage->requests);
        cJSON_AddNumberToObject(item, "throttled", (double)usage->throttles);
        cJSON_AddNumberToObject(item, "waiting", usage->waiting);
        cJSON_AddNumberToObject(item, "underway", usage->in_flight);
        cJSON_AddNumberToObject(item, "tokens", usage->tokens);
        cJSON_AddNumberToObject(item, "capacity", usage->capacity);
        cJSON_AddNumberToObject(item, "refill", usage->refill_per_second);
        cJSON_AddNumberToObject(item, "factor", usage->factor);
        cJSON_AddItemToArray(userdata, item);
}

void usage_reply(struct call *call)
{
        cJSON *parameters = cJSON_CreateObject();

        manager_usage(call->options->manager, add_bucket,
                      cJSON_AddArrayToObject(parameters, "buckets"));
        call_reply(call, parameters, false);
}
