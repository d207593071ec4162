/*
 * Advice after a denial of AWS: the policy that has to be changed, and the statement to add. Pure.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
#pragma once

#include "aws/request/call.h"
#include "base/text.h"

/* Whether the reply is a denial: an error code for lacking permission. */
bool denial_is(const struct aws_reply *reply);
/* Appends the statements of aws/failure/policy.h that would allow the action, with the owner of the
 * reply. The action in AWS's message goes before `action`: a CreateImage may be denied because of
 * the ec2:CreateTags within it. */
void denial_advise(struct text *text, const struct aws_reply *reply, const struct action *action,
                   const char *region);
