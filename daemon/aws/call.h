/* What aws_call() is made of, for calls that are none of an account: those that credentials take.
 */
#pragma once

#include "aws/account.h"
#include "aws/keyring.h"
#include "aws/place.h"

struct call_options {
        const struct tools *tools;
        struct place *place;
        const struct action *action;
        const void *input; /* encoded before call_new() returns */
        /* Who signs: a keyring, else a set, else nobody. */
        struct keyring *keyring;
        struct credentials *credentials;
        struct aws_account *account; /* kept as long as the call, or NULL */
};

/* As aws_call(). Tools, place and keyring have to outlive the slot. */
struct aws_slot *call_new(const struct call_options *options, aws_done_fn *done, void *userdata);
