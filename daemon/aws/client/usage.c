/* The usage of token buckets, and the call that waits longest, for display. */
#include <utlist.h>

#include "aws/client/account.h"
#include "base/alloc.h"
#include "base/text.h"

static bool draws_from(const struct aws_account *account, const struct governor *governor)
{
        struct service_endpoint *endpoint;

        LL_FOREACH (account->endpoints, endpoint) {
                if (endpoint->governor == governor)
                        return true;
        }
        return false;
}

/* The names of all accounts that draw from the governor; NULL when an earlier account of the list
 * has reported the governor already. */
static char *names_of(const struct aws *aws, const struct aws_account *account,
                      const struct governor *governor)
{
        _cleanup_(text_done) struct text names = {};
        struct aws_account *other;
        bool before = true;

        LL_FOREACH (aws->accounts, other) {
                if (other == account)
                        before = false;
                else if (before && draws_from(other, governor))
                        return NULL;
                if (draws_from(other, governor))
                        text_printf(&names, "%s%s", text_size(&names) ? ", " : "", other->name);
        }
        return text_steal(&names);
}

void aws_usage(struct aws *aws, aws_usage_fn *callback, void *userdata)
{
        struct aws_account *account;

        LL_FOREACH (aws->accounts, account) {
                struct service_endpoint *endpoint;

                LL_FOREACH (account->endpoints, endpoint) {
                        _cleanup_free_ char *names = names_of(aws, account, endpoint->governor);
                        struct aws_usage usage = {
                                .account = names,
                                .service = endpoint->service->name,
                                .region = endpoint->region,
                        };

                        if (names)
                                governor_usage(endpoint->governor, &usage, callback, userdata);
                }
        }
}

bool aws_find_underway(const struct aws *aws, usec_t longer, struct aws_underway *ret)
{
        return call_find_underway(&aws->tools, longer, ret);
}
