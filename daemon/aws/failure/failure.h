/* Failed calls: whether AWS may have carried them out, and their description for messages. */
#pragma once

#include "aws/request/call.h"

/* Whether AWS may have carried out an attempt of the call, or may do so later, because that attempt
 * has no answer. A refusal of a later attempt, or of the next call, is no proof that nothing
 * happened. An attempt that AWS refused was not carried out; throttling and a busy resource are
 * refusals, too. */
bool aws_may_have_acted(const struct aws_reply *reply);

/* "AWS answered UnauthorizedOperation to ec2:CreateImage in us-east-1: ... (request 1234)", and
 * advice for known codes. Caller frees. */
char *aws_describe_failure(const struct aws_reply *reply, const struct action *action,
                           const char *region);
/* The same for a call that will be repeated, in two parts: action and code, "CreateImage refused:
 * UnauthorizedOperation", and AWS's message with the advice, ": You are not ...; ...". Neither has
 * the request id or the number of attempts, so that every refusal of the same kind gives the same
 * text. Caller frees both. */
void aws_describe_refusal(const struct aws_reply *reply, const struct action *action,
                          const char *region, char **ret_what, char **ret_more);
