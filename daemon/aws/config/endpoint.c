/* Partitions of AWS, and the URLs of endpoints in them. */
#include "aws/config/endpoint.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"

/* A region is PREFIX-WORD-NUMBER. An unknown prefix counts as a region of the partition "aws". */
static const struct partition {
        const char *prefix, *name, *suffix, *dual_suffix, *region;
} partitions[] = {
        { "cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-northwest-1" },
        { "us-gov-", "aws-us-gov", "amazonaws.com", "api.aws", "us-gov-west-1" },
        { "eusc-de-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1" },
        { "us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1" },
        { "us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1" },
        { "eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-west-1" },
        { "us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-south-1" },
        { NULL, "aws", "amazonaws.com", "api.aws", "us-east-1" },
};

/* Whether `region` is `prefix`, then a word and a number. */
static bool region_fits(const char *region, const char *prefix)
{
        const char *word = startswith(region, prefix), *dash = word ? strchr(word, '-') : NULL;

        return dash && dash > word && dash[1] && strspn(dash + 1, "0123456789") == strlen(dash + 1);
}

static const struct partition *partition_of(const char *region)
{
        const struct partition *partition = partitions;

        while (partition->prefix && !region_fits(region, partition->prefix))
                partition++;
        return partition;
}

const char *endpoint_partition_region(const char *name)
{
        const struct partition *partition = partitions;

        while (partition->prefix && !streq(partition->name, name))
                partition++;
        return partition->region;
}

const char *endpoint_partition(const char *region)
{
        return partition_of(region)->name;
}

/* A region becomes part of a host name, so no character may change which host is named. */
static bool is_region(const char *region)
{
        size_t size = strlen(region);

        if (size == 0 || size > 63 || region[0] == '-' || region[size - 1] == '-')
                return false;
        for (const char *p = region; *p; p++)
                if (!isalnum((unsigned char)*p) && *p != '-')
                        return false;
        return true;
}

static const struct scheme {
        const char *prefix, *port;
} schemes[] = {
        { "https://", ":443" },
        { "http://", ":80" },
};

bool endpoint_is_loopback(const char *host, size_t size)
{
        static const char *const names[] = { "localhost", "[::1]" };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (strlen(names[i]) == size && strncasecmp(host, names[i], size) == 0)
                        return true;
        /* 127.0.0.0/8, but not the host name 127.0.0.1.example.com */
        return size > 4 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == size;
}

/* The size of the host in `[::1]:5000` or `name:5000`; 0 for any other form. */
static size_t host_size(const char *authority, size_t size)
{
        const char *bracket = authority[0] == '[' ? memchr(authority, ']', size) : NULL;
        size_t n = authority[0] != '[' ? strcspn(authority, ":/?#")
                   : bracket           ? (size_t)(bracket - authority) + 1
                                       : 0;

        if (n == 0 || (n < size && authority[n] != ':'))
                return 0;
        if (n < size && (n + 1 == size || strspn(authority + n + 1, "0123456789") != size - n - 1))
                return 0;
        return n;
}

static int parse_url(const char *url, struct endpoint *ret, char **ret_error)
{
        const struct scheme *scheme = schemes;
        const char *authority, *path;
        size_t size, host;

        while (scheme < schemes + ELEMENTS(schemes) &&
               strncasecmp(url, scheme->prefix, strlen(scheme->prefix)) != 0)
                scheme++;
        if (scheme == schemes + ELEMENTS(schemes)) {
                *ret_error = xasprintf("endpoint URL %s: it has to start with https://", url);
                return -EINVAL;
        }
        authority = url + strlen(scheme->prefix);
        size = strcspn(authority, "/?#");
        path = authority + size;
        host = host_size(authority, size);
        if (host == 0 || memchr(authority, '@', size) || strpbrk(path, "?#") ||
            strpbrk(url, " \t\r\n")) {
                *ret_error =
                        xasprintf("endpoint URL %s: not of the form https://HOST[:PORT][/PATH]",
                                  memchr(authority, '@', size) ? "with a user name" : url);
                return -EINVAL;
        }
        if (scheme == &schemes[1] && !endpoint_is_loopback(authority, host)) {
                *ret_error = xasprintf("endpoint URL %s: http is for the loopback only, "
                                       "use https://",
                                       url);
                return -EINVAL;
        }
        if (strlen(scheme->port) == size - host &&
            strncmp(authority + host, scheme->port, size - host) == 0)
                size = host;
        *ret = (struct endpoint){
                .host = xstrndup(authority, size),
                .target = xstrdup(*path ? path : "/"),
        };
        ret->url = xasprintf("%s%s%s", scheme->prefix, ret->host, ret->target);
        return 0;
}

/* In GovCloud the plain endpoints are FIPS endpoints; only the dual-stack names have -fips. */
static bool has_fips_name(const struct partition *partition, const struct endpoint_options *options)
{
        return options->fips && (options->dualstack || !streq(partition->name, "aws-us-gov"));
}

/* The regions that the legacy mode of STS sends to the global endpoint. */
static bool is_legacy_region(const char *region)
{
        static const char *const legacy[] = {
                "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
                "eu-central-1",   "eu-north-1", "eu-west-1",      "eu-west-2",      "eu-west-3",
                "sa-east-1",      "us-east-1",  "us-east-2",      "us-west-1",      "us-west-2",
        };

        for (size_t i = 0; i < ELEMENTS(legacy); i++)
                if (streq(legacy[i], region))
                        return true;
        return false;
}

static int resolve_global(struct endpoint *ret, char **ret_error)
{
        int r = parse_url("https://sts.amazonaws.com/", ret, ret_error);

        ret->region = "us-east-1";
        return r;
}

int endpoint_resolve(const char *service, const char *region,
                     const struct endpoint_options *options, struct endpoint *ret, char **ret_error)
{
        const struct partition *partition = partition_of(region);
        _cleanup_free_ char *url = NULL;

        if (!is_region(region)) {
                *ret_error = xasprintf("\"%s\" is not the name of a region", region);
                return -EINVAL;
        }
        if (options->override)
                return parse_url(options->override, ret, ret_error);
        if (options->legacy && !options->fips && !options->dualstack && is_legacy_region(region))
                return resolve_global(ret, ret_error);
        url = xasprintf("https://%s%s.%s.%s/", service,
                        has_fips_name(partition, options) ? "-fips" : "", region,
                        options->dualstack ? partition->dual_suffix : partition->suffix);
        return parse_url(url, ret, ret_error);
}

void endpoint_done(struct endpoint *endpoint)
{
        free(endpoint->url);
        free(endpoint->host);
        free(endpoint->target);
        *endpoint = (struct endpoint){};
}
