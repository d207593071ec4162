/* Failed calls: whether they may have been carried out, and how they are described to people. */
#pragma once

#include "aws/request/call.h"

/* Whether an attempt of the call has no answer and may have been carried out, or may be yet: a
 * refusal of a later attempt, or of the next call, does not tell that nothing happened. An attempt
 * that AWS refused, also for now (throttling, another request to the same thing), was not. */
bool aws_may_have_acted(const struct aws_reply *reply);

/* "AWS answered UnauthorizedOperation to ec2:CreateImage in us-east-1: ... (request 1234)", with
 * what to do where the code says it. Caller frees. */
char *aws_describe_failure(const struct aws_reply *reply, const struct action *action,
                           const char *region);
/* The same of a call that is asked again, in two parts: the call and the code, "CreateImage
 * refused: UnauthorizedOperation", and AWS's message with the advice, ": You are not ...; ...".
 * Neither has the request id or the number of attempts, so that a call which is refused again and
 * again has the same words each time. The caller frees both. */
void aws_describe_refusal(const struct aws_reply *reply, const struct action *action,
                          const char *region, char **ret_what, char **ret_more);
