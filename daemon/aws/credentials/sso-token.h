/*
 * The token that `aws sso login` leaves in ~/.aws/sso/cache; for a profile with an sso_session it
 * includes a refresh token. AWS's own tools read and write the same file. A renewal may invalidate
 * the old refresh token, so a renewed token has to be written back for the other tools.
 * https://docs.aws.amazon.com/cli/latest/userguide/sso-configure-profile-token.html
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "base/time.h"

enum {
        SSO_TOKEN_MAX = 64 << 10, /* bytes of the file and of the answer */
        SSO_RENEW_AHEAD = 15 * 60 /* seconds before expiry: a token is renewed, as in botocore */
};

struct cJSON;

struct sso_token {
        struct cJSON *document; /* the whole file; wiped when freed */
        const char *access;     /* this and the next strings are borrowed from `document` */
        sec_t expires;
        const char *refresh, *client_id, *client_secret; /* NULL: the token cannot be renewed */
        sec_t registered_until;                          /* expiry of the client's registration */
};

/* 0, or -EINVAL with *ret_why (caller frees) for a document without a token. Pure. */
int sso_token_parse(struct sso_token *token, const char *json, size_t size, char **ret_why);
void sso_token_done(struct sso_token *token);

/* Whether the token has all fields for a renewal, and its client is still registered. */
bool sso_token_can_renew(const struct sso_token *token, sec_t now);
/* The body of a CreateToken request. Caller wipes and frees it: it has secrets. Pure. */
char *sso_token_request(const struct sso_token *token);
/* Updates the token from the reply to CreateToken; members that the reply lacks keep their value.
 * 0, or -EINVAL with *ret_why (caller frees) for an error of AWS or a reply without a token. Pure.
 */
int sso_token_renew(struct sso_token *token, const char *json, size_t size, sec_t now,
                    char **ret_why);

/* ~/.aws/sso/cache/SHA1.json, by the SHA-1 of the session's name or, for a legacy profile, of the
 * start URL. */
char *sso_token_path(const char *name);
/* 0 or -EINVAL with *ret_why (caller frees). */
int sso_token_read(struct sso_token *token, const char *path, char **ret_why);
/* Whether sso_token_write() can work. Checked before a renewal uses up the refresh token. */
bool sso_token_is_writable(const char *path);
/* Replaces the file with one of mode 0600. 0 or a negative errno. */
int sso_token_write(const struct sso_token *token, const char *path);
