/* Waits for AWS, in verbs that need no daemon. */
#pragma once

#include "aws/client/aws.h"
#include "ctl/verbs.h"

/* Runs the loop until loop_exit(), with the result of loop_run(). Prints on stderr a line for each
 * attempt of a call that AWS has not answered for some seconds. */
int ctl_await(struct ctl *ctl, const struct aws *aws);
