/* The regions that are enabled for an account. */
#include <stdlib.h>
#include <string.h>

#include "aws/client/account.h"
#include "aws/config/endpoint.h"
#include "aws/services/ec2.h"
#include "base/alloc.h"
#include "base/text.h"

struct aws_regions_slot {
        struct aws_account *account;
        char *region; /* of the request */
        struct aws_slot *slot;
        aws_regions_fn *done;
        void *userdata;
};

struct aws_regions_slot *aws_regions_slot_free(struct aws_regions_slot *slot)
{
        if (!slot)
                return NULL;
        aws_slot_free(slot->slot);
        aws_account_unref(slot->account);
        free(slot->region);
        free(slot);
        return NULL;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Credentials of one partition are invalid in all others. */
static bool is_in_partition(const struct aws_regions_slot *slot, const char *region)
{
        return region && streq(endpoint_partition(region), endpoint_partition(slot->region));
}

static void on_regions(const struct aws_reply *reply, void *userdata)
{
        struct aws_regions_slot *slot = userdata;
        const struct ec2_regions *answer = reply->output;
        _cleanup_free_ char **names = NULL, *error = NULL;
        size_t n = 0;

        if (reply->outcome != AWS_OK) {
                error = aws_describe_failure(reply, &ec2_describe_regions, slot->region);
                slot->done(NULL, 0, error, slot->userdata);
                return;
        }
        for (size_t i = 0; i < answer->n_regions; i++)
                if (is_in_partition(slot, answer->regions[i].name))
                        *append(names, n) = answer->regions[i].name;
        if (n == 0) {
                slot->done(NULL, 0, "AWS named no region", slot->userdata);
                return;
        }
        qsort(names, n, sizeof(*names), compare_names);
        slot->done(names, n, NULL, slot->userdata);
}

struct aws_regions_slot *aws_list_regions(struct aws_account *account, aws_regions_fn *done,
                                          void *userdata)
{
        struct aws_regions_slot *slot = xnew(struct aws_regions_slot);

        slot->account = aws_account_ref(account);
        slot->region = xstrdup(credentials_cache_region(account->credentials));
        slot->done = done;
        slot->userdata = userdata;
        slot->slot = aws_call(account, slot->region, &ec2_describe_regions, NULL, on_regions, slot);
        return slot;
}
