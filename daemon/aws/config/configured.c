/* Reads endpoint settings from the environment and the shared files. */
#include "aws/config/configured.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "aws/config/profile.h"
#include "aws/config/variable.h"
#include "base/alloc.h"
#include "base/text.h"
#include "base/trust.h"

static bool flag(const struct shared *shared, const char *profile, const char *variable,
                 const char *key)
{
        const char *value = variable_get(variable);

        if (!value)
                value = shared_profile(shared, SHARED_MERGED, profile, key);
        return value && strcasecmp(value, "true") == 0;
}

/* False for a value that is neither "legacy" nor "regional". */
static bool read_legacy(const struct shared *shared, const char *profile, bool *ret,
                        char **ret_error)
{
        const char *value = variable_get("AWS_STS_REGIONAL_ENDPOINTS");

        if (!value)
                value = shared_profile(shared, SHARED_MERGED, profile, "sts_regional_endpoints");
        *ret = streq(value, "legacy");
        if (!value || *ret || streq(value, "regional"))
                return true;
        *ret_error =
                xasprintf("sts_regional_endpoints is %s: it has to be regional or legacy", value);
        return false;
}

/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
static const char *configured_url(const struct shared *shared, const char *profile,
                                  const struct service *service, const char *services)
{
        _cleanup_free_ char *variable = xasprintf("AWS_ENDPOINT_URL_%s", service->shout);
        const char *url = variable_get(variable);

        if (!url)
                url = variable_get("AWS_ENDPOINT_URL");
        if (!url && services)
                url = shared_service(shared, services, service->section, "endpoint_url");
        return url ? url : shared_profile(shared, SHARED_MERGED, profile, "endpoint_url");
}

int configured_endpoint(const struct shared *shared, const char *profile,
                        const struct service *service, struct endpoint_options *ret,
                        char **ret_error)
{
        const char *services = shared_profile(shared, SHARED_MERGED, profile, "services");

        *ret = (struct endpoint_options){
                .fips = flag(shared, profile, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
                .dualstack = flag(shared, profile, "AWS_USE_DUALSTACK_ENDPOINT",
                                  "use_dualstack_endpoint"),
        };
        if (service == &service_sts && !read_legacy(shared, profile, &ret->legacy, ret_error))
                return -EINVAL;
        if (flag(shared, profile, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                 "ignore_configured_endpoint_urls"))
                return 0;
        if (services && !shared_has_services(shared, services)) {
                *ret_error = xasprintf("services %s of profile %s is not in %s", services, profile,
                                       shared->where);
                return -EINVAL;
        }
        ret->override = configured_url(shared, profile, service, services);
        return 0;
}

int configured_ca_bundle(char **ret, char **ret_error)
{
        _cleanup_(shared_done) struct shared shared = {};
        _cleanup_free_ char *error = NULL, *why = NULL;
        const char *path = variable_get("AWS_CA_BUNDLE");

        if (!path && shared_read(&shared, &error) == 0)
                path = shared_profile(&shared, SHARED_MERGED, profile_name(NULL), "ca_bundle");
        why = path ? trust_path(path) : NULL;
        if (why) {
                *ret_error = xasprintf("The certificates in %s are not taken: %s", path, why);
                return -EPERM;
        }
        *ret = xstrdup(path);
        return 0;
}
