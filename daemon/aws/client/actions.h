/* Every action of AWS that amid calls, of all services. */
#pragma once

#include "aws/client/aws.h"

/* NULL-terminated. */
extern const struct action *const aws_actions[];
