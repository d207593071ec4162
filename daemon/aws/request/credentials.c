/* Sets of credentials, and the account in an ARN. */
#include "aws/request/credentials.h"

#include <string.h>

#include "base/alloc.h"

struct credentials *credentials_new(const char *source, const char *access_key, const char *secret,
                                    const char *token, sec_t expires)
{
        struct credentials *credentials = xnew(struct credentials);

        *credentials = (struct credentials){
                .references = 1,
                .access_key = xstrdup(access_key),
                .secret = xstrdup(secret),
                .token = token && *token ? xstrdup(token) : NULL,
                .source = source,
                .expires = expires,
        };
        return credentials;
}

struct credentials *credentials_ref(struct credentials *credentials)
{
        if (credentials)
                credentials->references++;
        return credentials;
}

static void wipe_and_free(char *secret)
{
        if (secret)
                explicit_bzero(secret, strlen(secret));
        free(secret);
}

struct credentials *credentials_unref(struct credentials *credentials)
{
        if (!credentials || --credentials->references > 0)
                return NULL;
        free(credentials->account);
        free(credentials->arn);
        free(credentials->access_key);
        wipe_and_free(credentials->secret);
        wipe_and_free(credentials->token);
        free(credentials);
        return NULL;
}

/* arn:PARTITION:SERVICE:REGION:ACCOUNT:... */
bool account_of_arn(const char *arn, char account[static ACCOUNT_ID_SIZE])
{
        enum { COLONS = 4, DIGITS = ACCOUNT_ID_SIZE - 1 };
        const char *at = arn;

        for (int i = 0; at && i < COLONS; i++) {
                at = strchr(at, ':');
                at = at ? at + 1 : NULL;
        }
        if (!at || strspn(at, "0123456789") != DIGITS || at[DIGITS] != ':')
                return false;
        memcpy(account, at, DIGITS);
        account[DIGITS] = '\0';
        return true;
}
