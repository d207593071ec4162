/*
 * The interface between a call and its credentials: the current set, the next set after AWS refused
 * this one, and questions about a set. aws/credentials/cache.h implements the interface.
 */
#pragma once

#include <stdbool.h>

#include "aws/request/credentials.h"

struct signer;
/* `credentials` is borrowed; NULL: `error` is the reason. */
typedef void signer_fn(struct credentials *credentials, const char *error, void *userdata);
/* `text` is borrowed; NULL: AWS did not decode the message. */
typedef void signer_text_fn(const char *text, void *userdata);

/* Functions with `done` call back once, never from inside the call, unless their result is freed
 * before. */
struct signer_ops {
        /* The set for a signature now, borrowed; NULL: the call has to wait() for a set. */
        struct credentials *(*current)(struct signer *signer);
        void *(*wait)(struct signer *signer, signer_fn *done, void *userdata);
        void (*wait_free)(void *wait);
        /* AWS refused the set. False: no newer set can be expected. */
        bool (*reject)(struct signer *signer, const struct credentials *credentials);
        /* Asks STS whether the set is valid. */
        void *(*identify)(struct signer *signer, struct credentials *credentials, signer_fn *done,
                          void *userdata);
        void (*identify_free)(void *identify);
        /* Decodes the message of a denial. NULL: the message is not encoded, or STS denied to
         * decode for this set before. */
        void *(*explain)(struct signer *signer, struct credentials *credentials,
                         const char *message, signer_text_fn *done, void *userdata);
        void (*explain_free)(void *explain);
};
struct signer {
        const struct signer_ops *ops;
};
