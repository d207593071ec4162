/* JSON documents with credentials: one parser for all providers that return JSON. Pure. */
#pragma once

#include <stddef.h>

#include "aws/request/credentials.h"

#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { DOCUMENT_MAX = 1 << 20 };
#else
enum { DOCUMENT_MAX = 4096 };
#endif

/* The form of a provider's document: names of its keys, NULL for a key that it does not have. */
struct document {
        const char *source; /* of the credentials for messages, literal */
        const char *what;   /* "the role's document", for messages */
        const char *inside; /* key of the object with all others, or NULL: the document itself */
        const char *access_key, *secret, *token, *expiration, *account;
        bool milliseconds; /* `expiration` is a number of milliseconds since 1970, not a text */
        bool versioned;    /* "Version": 1 is required */
};
extern const struct document document_imds, document_container, document_process, document_sso;

/* NULL with *ret_why (caller frees) for a document without credentials. IMDS sends such a document
 * with HTTP 200 and a `Code` other than "Success". */
struct credentials *document_parse(const struct document *document, const char *json, size_t size,
                                   char **ret_why);

/* The same for a request that may have failed: `json` is NULL then, and `error` is the reason. */
struct credentials *document_take(const struct document *document, const char *json, size_t size,
                                  const char *error, char **ret_why);

/* The parsed document; NULL for a text that is not JSON or has more than DOCUMENT_MAX bytes. cJSON
 * needs memory of up to 32 times the size, and any host may answer on 169.254.169.254. */
struct cJSON;
struct cJSON *document_read(const char *json, size_t size);
/* Wipes the strings of a document of cJSON and frees it. `document` may be NULL. */
void document_wipe(struct cJSON *document);
