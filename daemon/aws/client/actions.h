/* Every action of AWS that amid calls, of all services. */
#pragma once

#include "aws/client/aws.h"

/* NULL-terminated: for the IAM policy and the tests. */
extern const struct action *const aws_actions[];
