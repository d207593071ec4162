/*
 * Decodes the encoded authorization message of a denial with sts:DecodeAuthorizationMessage.
 * Without permission for that action the plain message of the denial has to do.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
 */
#pragma once

#include "aws/credentials/sts.h"

extern const struct action sts_decode_authorization_message;

/* The encoded part of an error message. NULL when there is none, or when the message already names
 * the principal and the action in plain text. Pure. */
const char *explain_encoded(const char *message);
/* The decoded document as a sentence, in the form of AWS's plain messages; NULL for a document
 * without the needed members. Caller frees. Pure. */
char *explain_text(const char *json, size_t size);

struct explain;
/* `*denied` is set when STS refuses to decode. Calls back once, never from inside this. Never NULL.
 */
struct explain *explain_new(const struct sts_options *options, const char *encoded, bool *denied,
                            signer_text_fn *done, void *userdata);
struct explain *explain_free(struct explain *explain);
DEFINE_CLEANUP(struct explain, explain_free);
