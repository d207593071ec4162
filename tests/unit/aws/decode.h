/* Replies of AWS, decoded as aws/request/call.c does. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "aws/client/actions.h"
#include "aws/request/wire.h"
#include "base/alloc.h"
#include "base/cleanup.h"

static inline int decode(const struct action *action, void *object, int status, const char *text,
                         const char *error_type, struct shape_decoded *ret, char **ret_error)
{
        /* On the heap and without a NUL, so that the address sanitizer finds a read beyond the end.
         */
        size_t size = strlen(text);
        _cleanup_free_ char *copy = xmemdup(text, size);

        return wire_decode(action, object,
                           &(struct http_reply){ .status = status,
                                                 .body = copy,
                                                 .body_size = size,
                                                 .content_type = wire_content_type(action),
                                                 .error_type = error_type },
                           ret, ret_error);
}

/* Decodes a good reply. Returns the token of the next page; caller frees. */
static inline char *decode_good(const struct action *action, void *object, const char *text)
{
        struct shape_decoded decoded;
        char *error = NULL, *token;

        if (decode(action, object, 200, text, NULL, &decoded, &error) < 0)
                fail_msg("%s: %s", action->name, error);
        assert_null(decoded.code);
        token = steal(decoded.next_token);
        shape_decoded_done(&decoded);
        return token;
}
