/* What AWS was asked so far, for people. */
#include <utlist.h>

#include "aws/account.h"
#include "base/alloc.h"
#include "base/text.h"

static bool draws_from(const struct aws_account *account, const struct governor *governor)
{
        struct place *place;

        LL_FOREACH (account->places, place) {
                if (place->governor == governor)
                        return true;
        }
        return false;
}

/* The names of all who draw from it, or NULL when another account told of it before. */
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
                struct place *place;

                LL_FOREACH (account->places, place) {
                        _cleanup_free_ char *names = names_of(aws, account, place->governor);
                        struct aws_usage usage = {
                                .account = names,
                                .service = place->service->name,
                                .region = place->region,
                        };

                        if (names)
                                governor_usage(place->governor, &usage, callback, userdata);
                }
        }
}
