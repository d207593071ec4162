#include "aws/endpoint.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"

/* The longest prefix that fits decides; a region we do not know yet is one of AWS proper. */
static const struct partition {
        const char *prefix, *name, *suffix;
} partitions[] = {
        { "cn-", "aws-cn", "amazonaws.com.cn" },
        { "us-gov-", "aws-us-gov", "amazonaws.com" },
        { "eusc-", "aws-eusc", "amazonaws.eu" },
        { "us-iso-", "aws-iso", "c2s.ic.gov" },
        { "us-isob-", "aws-iso-b", "sc2s.sgov.gov" },
        { "eu-isoe-", "aws-iso-e", "cloud.adc-e.uk" },
        { "us-isof-", "aws-iso-f", "csp.hci.ic.gov" },
        { "", "aws", "amazonaws.com" },
};

static const struct partition *partition_of(const char *region)
{
        const struct partition *partition = partitions;

        while (!startswith(region, partition->prefix))
                partition++;
        return partition;
}

const char *endpoint_partition(const char *region)
{
        return partition_of(region)->name;
}

/* A region becomes part of a host name: nothing may get in that would name another host. */
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

static bool is_loopback(const char *host, size_t size)
{
        static const char *const names[] = { "localhost", "[::1]" };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (strlen(names[i]) == size && strncasecmp(host, names[i], size) == 0)
                        return true;
        /* 127.0.0.0/8, but not the host name 127.0.0.1.example.com */
        return size > 4 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == size;
}

/* The size of the host in `[::1]:5000` or `name:5000`, or 0 when it is not well-formed. */
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
        if (scheme == &schemes[1] && !is_loopback(authority, host)) {
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

int endpoint_resolve(const char *service, const char *region, const char *override,
                     struct endpoint *ret, char **ret_error)
{
        _cleanup_free_ char *url = NULL;

        if (!is_region(region)) {
                *ret_error = xasprintf("\"%s\" is not the name of a region", region);
                return -EINVAL;
        }
        if (override)
                return parse_url(override, ret, ret_error);
        url = xasprintf("https://%s.%s.%s/", service, region, partition_of(region)->suffix);
        return parse_url(url, ret, ret_error);
}

void endpoint_done(struct endpoint *endpoint)
{
        free(endpoint->url);
        free(endpoint->host);
        free(endpoint->target);
        *endpoint = (struct endpoint){};
}
