/*
 * The encoded message of a refusal, which only AWS can read: STS is asked once what it says. Who
 * may not ask that (sts:DecodeAuthorizationMessage) has to do with what AWS said in clear.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
 */
#pragma once

#include "aws/credentials/sts.h"

extern const struct action sts_decode_authorization_message;

/* The encoded part of an error message that does not say in clear who may not do what; else NULL.
 * Pure. */
const char *explain_encoded(const char *message);
/* What the decoded document says, in the words that AWS uses where it speaks in clear; NULL when it
 * says nothing. Caller frees. Pure. */
char *explain_text(const char *json, size_t size);

struct explain;
/* `*mute` is set when AWS does not tell. Calls back once, never from inside this. Never NULL. */
struct explain *explain_new(const struct sts_options *options, const char *encoded, bool *mute,
                            signer_text_fn *done, void *userdata);
struct explain *explain_free(struct explain *explain);
DEFINE_CLEANUP(struct explain, explain_free);
