/* CreateTags, DeleteTags, DescribeTags. */
#pragma once

#include <stdbool.h>

#include "sim/sim-call.h"

bool create_tags(struct call *call);
bool delete_tags(struct call *call);
bool describe_tags(struct call *call);
