/* JSON documents with credentials: one parser for all who hand some out. Pure. */
#pragma once

#include <stddef.h>

#include "aws/credentials.h"

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

/* Frees a document of cJSON, and wipes its strings before. NULL does nothing. */
struct cJSON;
void document_wipe(struct cJSON *document);
