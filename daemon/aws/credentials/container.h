/*
 * The URL of the agent that gives a container its credentials. Pure.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
#pragma once

enum { CONTAINER_ATTEMPTS_MAX = 3, CONTAINER_RETRY_SECONDS = 1 };

/*
 * The URL by $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (which wins) or ..._FULL_URI; either may be
 * NULL. Plain http is allowed only to the addresses of the agents of ECS and EKS and to the
 * loopback, because it shows the credentials to the network. NULL with *ret_why (caller frees) when
 * the URL cannot be used.
 */
char *container_url(const char *relative, const char *full, char **ret_why);
