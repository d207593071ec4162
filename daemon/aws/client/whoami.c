/* The identity behind the credentials of an account. */
#include "aws/client/account.h"
#include "aws/credentials/sts.h"
#include "base/alloc.h"
#include "base/text.h"

struct aws_whoami_slot {
        struct aws_account *account;
        struct credentials_cache_wait *wait;
        struct credentials *credentials;
        struct sts *sts;
        aws_whoami_fn *done;
        void *userdata;
};

struct aws_whoami_slot *aws_whoami_slot_free(struct aws_whoami_slot *slot)
{
        if (!slot)
                return NULL;
        credentials_cache_wait_free(slot->wait);
        sts_free(slot->sts);
        credentials_unref(slot->credentials);
        aws_account_unref(slot->account);
        free(slot);
        return NULL;
}

static void answer(struct aws_whoami_slot *slot, const char *error)
{
        const struct credentials *credentials = slot->credentials;

        slot->done(
                &(struct aws_identity){
                        .account = credentials ? credentials->account : NULL,
                        .arn = credentials ? credentials->arn : NULL,
                        .source = credentials ? credentials->source : NULL,
                        .expires = credentials ? credentials->expires : SEC_NEVER,
                        .error = error,
                },
                slot->userdata);
}

static void on_identity(struct credentials *credentials, const char *why, void *userdata)
{
        (void)credentials; /* slot->credentials, whose account and ARN are now set */
        answer(userdata, why);
}

static void on_credentials(struct credentials *credentials, const char *error, void *userdata)
{
        struct aws_whoami_slot *slot = userdata;

        slot->wait = credentials_cache_wait_free(slot->wait);
        slot->credentials = credentials_ref(credentials);
        if (!credentials || credentials->arn)
                answer(slot, error);
        else
                slot->sts = credentials_cache_identify(slot->account->credentials, credentials,
                                                       on_identity, slot);
}

struct aws_whoami_slot *aws_whoami(struct aws_account *account, aws_whoami_fn *done, void *userdata)
{
        struct aws_whoami_slot *slot = xnew(struct aws_whoami_slot);

        slot->account = aws_account_ref(account);
        slot->done = done;
        slot->userdata = userdata;
        slot->wait = credentials_cache_wait(account->credentials, on_credentials, slot);
        return slot;
}
