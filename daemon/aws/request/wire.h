/*
 * Requests and replies of an action in the protocol of its service (service.h): bodies, and the
 * headers that describe them. Pure.
 */
#pragma once

#include "aws/request/action.h"
#include "http/http.h"

/* The Content-Type of requests. */
const char *wire_content_type(const struct action *action);
/* The value of X-Amz-Target; NULL for a protocol without this header. Caller frees. */
char *wire_target(const struct action *action);

/* The body of the request for the first page. Caller frees. */
char *wire_encode(const struct action *action, const void *input);
/* The body of the request for the page of `token`, made from `body` of the first page. Caller
 * frees. */
char *wire_encode_page(const struct action *action, const char *body, const char *token);

/* Decodes a reply of status 2xx into `output` (of action->output), and any other into the error of
 * *ret. 0, or -EBADMSG with the reason in *ret_error (caller frees) for a reply that AWS cannot
 * have sent to this action: another document, a missing member, JSON without AWS's headers, an
 * error without a code. */
int wire_decode(const struct action *action, void *output, const struct http_reply *reply,
                struct shape_decoded *ret, char **ret_error);
