/* Waiting for AWS in verbs that need no daemon. */
#pragma once

#include "aws/client/aws.h"
#include "ctl/verbs.h"

/* Runs the loop until loop_exit(), and gives what loop_run() gives. Says on stderr which call AWS
 * has not answered for some seconds, in a line for each attempt. */
int ctl_await(struct ctl *ctl, const struct aws *aws);
