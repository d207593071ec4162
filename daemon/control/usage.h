/* The token buckets of requests to AWS. Private to control/. */
#pragma once

#include "control/call.h"

/* Answers with all token buckets that requests have drawn from. */
void usage_reply(struct call *call);
