/*
 * Who signs the requests of a call, as the call sees it: the keys of the moment, and whom to ask
 * when AWS does not take them. aws/credentials/cache.h is an implementation.
 */
#pragma once

#include <stdbool.h>

#include "aws/request/credentials.h"

struct signer;
/* `credentials` is borrowed; NULL: there are none, and `error` tells why. */
typedef void signer_fn(struct credentials *credentials, const char *error, void *userdata);
/* `text` is borrowed; NULL: AWS did not tell. */
typedef void signer_text_fn(const char *text, void *userdata);

/* Functions with `done` call back once, never from inside the call, unless they are freed before.
 */
struct signer_ops {
        /* The set to sign with now, borrowed, or NULL: it has to be waited for. */
        struct credentials *(*current)(struct signer *signer);
        void *(*wait)(struct signer *signer, signer_fn *done, void *userdata);
        void (*wait_free)(void *wait);
        /* AWS has refused the set. False: a newer one is not to be had. */
        bool (*reject)(struct signer *signer, const struct credentials *credentials);
        /* Whether AWS takes the set elsewhere. */
        void *(*identify)(struct signer *signer, struct credentials *credentials, signer_fn *done,
                          void *userdata);
        void (*identify_free)(void *identify);
        /* What a refusal says in clear; gives NULL where its message is clear, or it cannot be
         * asked. */
        void *(*explain)(struct signer *signer, struct credentials *credentials,
                         const char *message, signer_text_fn *done, void *userdata);
        void (*explain_free)(void *explain);
};
struct signer {
        const struct signer_ops *ops;
};
