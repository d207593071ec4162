/* An account's endpoint of a service: address, governor, clock. */
#include "aws/request/service-endpoint.h"

#include <stdlib.h>

#include "aws/config/configured.h"
#include "aws/config/profile.h"
#include "base/alloc.h"
#include "base/text.h"

static void resolve(struct service_endpoint *endpoint, const char *endpoint_url,
                    const char *profile)
{
        _cleanup_(shared_done) struct shared shared = {};
        struct endpoint_options options = { .override = endpoint_url };

        if (!endpoint_url) {
                if (shared_read(&shared, &endpoint->endpoint_error) < 0)
                        return;
                if (configured_endpoint(&shared, profile_name(profile), endpoint->service, &options,
                                        &endpoint->endpoint_error) < 0)
                        return;
        }
        if (endpoint_resolve(endpoint->service->name, endpoint->region, &options,
                             &endpoint->address, &endpoint->endpoint_error) < 0)
                endpoint->address = (struct endpoint){};
}

struct service_endpoint *service_endpoint_new(struct loop *loop, const struct service *service,
                                              const char *region, const char *endpoint_url,
                                              const char *profile, unsigned int percent)
{
        struct service_endpoint *endpoint = xnew(struct service_endpoint);

        endpoint->loop = loop;
        endpoint->service = service;
        endpoint->region = xstrdup(region);
        endpoint->governor = governor_new(loop, percent);
        resolve(endpoint, endpoint_url, profile);
        return endpoint;
}

struct service_endpoint *service_endpoint_free(struct service_endpoint *endpoint)
{
        if (!endpoint)
                return NULL;
        governor_unref(endpoint->governor);
        endpoint_done(&endpoint->address);
        free(endpoint->endpoint_error);
        free(endpoint->region);
        free(endpoint);
        return NULL;
}

const char *service_endpoint_signing_region(const struct service_endpoint *endpoint)
{
        return endpoint->address.region ? endpoint->address.region : endpoint->region;
}

sec_t service_endpoint_now(const struct service_endpoint *endpoint)
{
        if (!endpoint->server_clock)
                return loop_wall(endpoint->loop);
        return endpoint->server_time +
               (loop_monotonic(endpoint->loop) - endpoint->anchor) / USEC_PER_SEC;
}

void service_endpoint_set_clock(struct service_endpoint *endpoint, sec_t server_time)
{
        endpoint->server_clock = true;
        endpoint->server_time = server_time;
        endpoint->anchor = loop_monotonic(endpoint->loop);
}
