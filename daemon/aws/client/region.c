/* The region that the daemon itself is configured for. */
#include <string.h>

#include "aws/client/account.h"
#include "aws/config/profile.h"
#include "aws/config/shared.h"
#include "aws/config/variable.h"
#include "base/alloc.h"
#include "base/text.h"

struct aws_region_slot {
        struct aws_account *account;
        struct timer *timer;
        struct imds_query *query;
        aws_region_fn *done;
        void *userdata;
};

static const char no_region[] =
        "no region: neither $AWS_REGION nor $AWS_DEFAULT_REGION is set, the "
        "profile has none";

static void on_imds(const char *body, size_t size, const char *error, void *userdata)
{
        struct aws_region_slot *slot = userdata;
        _cleanup_free_ char *text = NULL;

        (void)size;
        if (body) {
                text = xstrndup(body, strcspn(body, "\r\n"));
                if (slot->account->sts_region_unknown)
                        credentials_cache_set_region(slot->account->credentials, text);
                slot->done(text, NULL, slot->userdata);
        } else {
                text = xasprintf("%s, and instance metadata: %s", no_region, error);
                slot->done(NULL, text, slot->userdata);
        }
}

static void on_timer(void *userdata)
{
        struct aws_region_slot *slot = userdata;
        const char *region = variable_get("AWS_REGION");
        _cleanup_(shared_done) struct shared shared = {};
        _cleanup_free_ char *error = NULL;

        if (!region)
                region = variable_get("AWS_DEFAULT_REGION");
        if (!region && shared_read(&shared, &error) < 0) {
                slot->done(NULL, error, slot->userdata);
                return;
        }
        if (!region)
                region = shared_profile(&shared, SHARED_MERGED,
                                        profile_name(slot->account->profile), "region");
        if (region)
                slot->done(region, NULL, slot->userdata);
        else
                slot->query = imds_get(slot->account->aws->tools.imds, "meta-data/placement/region",
                                       on_imds, slot);
}

struct aws_region_slot *aws_find_region(struct aws_account *account, aws_region_fn *done,
                                        void *userdata)
{
        struct aws_region_slot *slot = xnew(struct aws_region_slot);

        slot->account = aws_account_ref(account);
        slot->done = done;
        slot->userdata = userdata;
        slot->timer = timer_new(account->aws->tools.loop, on_timer, slot);
        timer_arm(slot->timer, 0);
        return slot;
}

struct aws_region_slot *aws_region_slot_free(struct aws_region_slot *slot)
{
        if (!slot)
                return NULL;
        imds_query_free(slot->query);
        timer_free(slot->timer);
        aws_account_unref(slot->account);
        free(slot);
        return NULL;
}
