/* Requests to AWS, counted. Private to control/. */
#pragma once

#include "control/call.h"

/* Answers with every token bucket that was drawn from. */
void usage_reply(struct call *call);
