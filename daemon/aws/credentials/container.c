/* The URL of a container's credentials agent, and the hosts that may be asked. */
#include "aws/credentials/container.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "aws/config/endpoint.h"
#include "base/alloc.h"
#include "base/text.h"

static bool is_agent(const char *host, size_t size)
{
        static const char *const agents[] = { "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]" };

        for (size_t i = 0; i < ELEMENTS(agents); i++)
                if (strlen(agents[i]) == size && strncasecmp(host, agents[i], size) == 0)
                        return true;
        return endpoint_is_loopback(host, size);
}

static bool is_clean(const char *url)
{
        return is_printable_utf8(url) && !strpbrk(url, " \t@#\\");
}

char *container_url(const char *relative, const char *full, char **ret_why)
{
        const char *host;
        size_t size;

        if (relative) {
                if (relative[0] == '/' && is_clean(relative))
                        return xasprintf("http://169.254.170.2%s", relative);
                *ret_why = xasprintf("$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI has to be a path");
                return NULL;
        }
        if (strncasecmp(full, "https://", 8) == 0 && is_clean(full))
                return xstrdup(full);
        if (strncasecmp(full, "http://", 7) != 0 || !is_clean(full)) {
                *ret_why = xstrdup("$AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL of http or "
                                   "https");
                return NULL;
        }
        host = full + 7;
        size = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?");
        if (size <= strlen(host) && is_agent(host, size))
                return xstrdup(full);
        *ret_why = xstrdup("$AWS_CONTAINER_CREDENTIALS_FULL_URI: http is for the loopback and the "
                           "agents of ECS and EKS only, use https");
        return NULL;
}
