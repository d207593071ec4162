/*
 * Requests and replies of an action as its service's protocol has them: the body, the headers that
 * belong to it, and what came back. Which protocol is a column of the service (service.h). Pure.
 */
#pragma once

#include "aws/request/action.h"
#include "http/http.h"

/* Of the request's body. */
const char *wire_content_type(const struct action *action);
/* The value of X-Amz-Target, or NULL where the protocol has none. Caller frees. */
char *wire_target(const struct action *action);

/* The body that asks for the first page. Caller frees. */
char *wire_encode(const struct action *action, const void *input);
/* The body that asks for the page that `token` stands for, by that of the first. Caller frees. */
char *wire_encode_page(const struct action *action, const char *body, const char *token);

/* Appends what a reply of the status 2xx holds to `output` (of action->output), or reads the error
 * out of any other. 0, or -EBADMSG with the reason in *ret_error (caller frees) for what is none of
 * AWS's replies to this action: another document, a reply without a required member, JSON without a
 * header of AWS, an error without a code. */
int wire_decode(const struct action *action, void *output, const struct http_reply *reply,
                struct shape_decoded *ret, char **ret_error);
