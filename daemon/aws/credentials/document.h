/* JSON documents with credentials: one parser for all who hand some out. Pure. */
#pragma once

#include <stddef.h>

#include "aws/request/credentials.h"

#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { DOCUMENT_MAX = 1 << 20 };
#else
enum { DOCUMENT_MAX = 4096 };
#endif

/* How one of them calls things. */
struct document {
        const char *source; /* of the credentials, literal */
        const char *what;   /* "the role's document", for messages */
        const char *inside; /* the object that holds all of them, or NULL: the document itself */
        const char *access_key, *secret, *token, *expiration, *account;
        bool milliseconds; /* `expiration` is a number of them since 1970, not a text */
        bool versioned;    /* "Version": 1 has to be there */
};
extern const struct document document_imds, document_container, document_process, document_sso;

/* NULL with *ret_why (caller frees) when it has no credentials; an HTTP 200 of IMDS may carry a
 * Code that is not Success. */
struct credentials *document_parse(const struct document *document, const char *json, size_t size,
                                   char **ret_why);

/* The same for an answer that may not have come: `json` NULL, and `error` tells why. */
struct credentials *document_take(const struct document *document, const char *json, size_t size,
                                  const char *error, char **ret_why);

/* The document of cJSON, or NULL for what is not JSON or has more than DOCUMENT_MAX bytes: cJSON
 * needs up to 32 times as many, and what answers on 169.254.169.254 may be anybody. */
struct cJSON;
struct cJSON *document_read(const char *json, size_t size);
/* Frees a document of cJSON, and wipes its strings before. NULL does nothing. */
void document_wipe(struct cJSON *document);
