/*
 * The session that `aws sso login` leaves in ~/.aws/sso/cache: a token, and where the profile names
 * an sso_session what renews it. The file is shared with the tools of AWS, which expect of us what
 * they do themselves: whoever renews the token writes the new one, since the old refresh token may
 * be worth nothing then.
 * https://docs.aws.amazon.com/cli/latest/userguide/sso-configure-profile-token.html
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "base/time.h"

enum {
        SSO_TOKEN_MAX = 64 << 10, /* bytes of the file and of the answer */
        SSO_RENEW_AHEAD = 15 * 60 /* seconds before its end a token is renewed, as by botocore */
};

struct cJSON;

struct sso_token {
        struct cJSON *document; /* all of it; wiped when freed */
        const char *access;     /* of the document, as is what follows */
        sec_t expires;
        const char *refresh, *client_id, *client_secret; /* NULL: it cannot be renewed */
        sec_t registered_until;                          /* of the client */
};

/* 0, or -EINVAL with *ret_why (caller frees): that it holds no token. Pure. */
int sso_token_parse(struct sso_token *token, const char *json, size_t size, char **ret_why);
void sso_token_done(struct sso_token *token);

/* Whether it holds all that a renewal takes. */
bool sso_token_can_renew(const struct sso_token *token, sec_t now);
/* The body of CreateToken. Holds secrets; caller wipes and frees. Pure. */
char *sso_token_request(const struct sso_token *token);
/* Takes the answer of CreateToken into the token; what it does not tell stays. 0, or -EINVAL with
 * *ret_why (caller frees): what AWS refused, or that the answer holds no token. Pure. */
int sso_token_renew(struct sso_token *token, const char *json, size_t size, sec_t now,
                    char **ret_why);

/* ~/.aws/sso/cache/SHA1.json of the session's name or, in the old form, of the start URL. */
char *sso_token_path(const char *name);
/* 0 or -EINVAL with *ret_why (caller frees). */
int sso_token_read(struct sso_token *token, const char *path, char **ret_why);
/* Whether sso_token_write() has a chance: to be asked before a refresh token is used up. */
bool sso_token_is_writable(const char *path);
/* Replaces the file, for the user alone. 0 or negative errno. */
int sso_token_write(const struct sso_token *token, const char *path);
