/* Decodes a reply by the tables of all actions, for the fuzz targets of replies. */
#pragma once

#include <assert.h>
#include <stdint.h>

#include "aws/client/actions.h"
#include "base/alloc.h"

typedef int decode_fn(const struct shape *shape, void *object, const struct shape_source *source,
                      struct shape_decoded *ret, char **ret_error);

static inline void decode_once(decode_fn *decode, const struct action *action, void *object,
                               const struct shape_source *source)
{
        struct shape_decoded decoded;
        char *error = NULL;
        int r = decode(action->output, object, source, &decoded, &error);

        assert((r < 0) == (error != NULL));
        free(error);
        if (r == 0)
                shape_decoded_done(&decoded);
}

/* The decoder ends and leaks nothing, and rows of a second page follow those of the first. */
static inline void decode_by_all(decode_fn *decode, const uint8_t *data, size_t size)
{
        for (size_t i = 0; aws_actions[i]; i++) {
                const struct action *action = aws_actions[i];
                const struct shape *shape = action->output;
                const struct shape_source source = {
                        .text = (const char *)data,
                        .size = size,
                        .next = action->paging ? action->paging->next : NULL,
                };
                void *object = shape ? xcalloc(1, shape->size) : NULL;

                decode_once(decode, action, object, &source);
                decode_once(decode, action, object, &source);
                if (object)
                        shape_done(shape, object);
                free(object);
        }
}
