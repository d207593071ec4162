/*
 * Where the agent of a container is found. Pure.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
#pragma once

enum { CONTAINER_ATTEMPTS_MAX = 3, CONTAINER_RETRY_SECONDS = 1 };

/*
 * The URL of $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (which wins) or ..._FULL_URI; either may be
 * NULL. Over http only the agents' own addresses and the loopback are asked, for what they hand out
 * travels in the open. NULL with *ret_why (caller frees) when it is of no use.
 */
char *container_url(const char *relative, const char *full, char **ret_why);
