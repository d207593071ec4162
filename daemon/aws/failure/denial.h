/*
 * What to do when AWS says that somebody may not: which policy has to be changed, and the statement
 * to paste into it. Pure.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
#pragma once

#include "aws/request/call.h"
#include "base/text.h"

/* Whether the reply says so. */
bool denial_is(const struct aws_reply *reply);
/* Appends the advice: the statements of aws/failure/policy.h that allow it, with the owner of the
 * reply. What AWS's message names counts before what was called: a CreateImage may be refused for
 * the ec2:CreateTags within it. */
void denial_advise(struct text *text, const struct aws_reply *reply, const struct action *action,
                   const char *region);
