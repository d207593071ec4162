#include "aws/account.h"

#include <assert.h>
#include <strings.h>
#include <utlist.h>

#include "aws/source.h"
#include "base/alloc.h"
#include "base/text.h"

int aws_new(struct loop *loop, struct http *http, struct aws **ret)
{
        struct aws *aws = xnew(struct aws);

        aws->loop = loop;
        aws->http = http;
        aws->imds = imds_new(loop, http);
        *ret = aws;
        return 0;
}

struct aws *aws_free(struct aws *aws)
{
        if (!aws)
                return NULL;
        assert(!aws->accounts);
        imds_free(aws->imds);
        free(aws);
        return NULL;
}

struct aws_account *aws_account(struct aws *aws, const struct aws_account_options *options)
{
        struct aws_account *account;

        LL_FOREACH (aws->accounts, account) {
                if (streq(account->name, options->name) &&
                    streq(account->endpoint_url, options->endpoint_url) &&
                    streq(account->profile, options->profile))
                        return aws_account_ref(account);
        }
        account = xnew(struct aws_account);
        *account = (struct aws_account){
                .aws = aws,
                .references = 1,
                .name = xstrdup(options->name),
                .endpoint_url = xstrdup(options->endpoint_url),
                .profile = xstrdup(options->profile),
                .keyring = keyring_new(aws->loop, aws->imds, options->profile),
        };
        LL_PREPEND(aws->accounts, account);
        return account;
}

struct aws_account *aws_account_ref(struct aws_account *account)
{
        account->references++;
        return account;
}

static void place_free(struct place *place)
{
        governor_free(place->governor);
        endpoint_done(&place->endpoint);
        free(place->endpoint_error);
        free(place->region);
        free(place);
}

struct aws_account *aws_account_unref(struct aws_account *account)
{
        struct place *place, *next;

        if (!account || --account->references > 0)
                return NULL;
        LL_DELETE(account->aws->accounts, account);
        LL_FOREACH_SAFE (account->places, place, next) {
                place_free(place);
        }
        keyring_free(account->keyring);
        free(account->name);
        free(account->endpoint_url);
        free(account->profile);
        free(account);
        return NULL;
}

const char *aws_account_name(const struct aws_account *account)
{
        return account->name;
}

static const char *endpoint_override(const struct aws_account *account)
{
        const char *ignore = source_variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        const char *url;

        if (account->endpoint_url)
                return account->endpoint_url;
        if (ignore && strcasecmp(ignore, "true") == 0)
                return NULL;
        url = source_variable("AWS_ENDPOINT_URL_EC2");
        return url ? url : source_variable("AWS_ENDPOINT_URL");
}

struct place *account_place(struct aws_account *account, const char *region)
{
        struct place *place;

        LL_FOREACH (account->places, place) {
                if (streq(place->region, region))
                        return place;
        }
        place = xnew(struct place);
        place->loop = account->aws->loop;
        place->region = xstrdup(region);
        place->governor = governor_new(place->loop, AWS_SHARE_DEFAULT);
        if (endpoint_resolve("ec2", region, endpoint_override(account), &place->endpoint,
                             &place->endpoint_error) < 0)
                place->endpoint = (struct endpoint){};
        LL_PREPEND(account->places, place);
        return place;
}

sec_t place_now(const struct place *place)
{
        if (!place->server_clock)
                return loop_wall(place->loop);
        return place->server_time + (loop_monotonic(place->loop) - place->anchor) / USEC_PER_SEC;
}

void place_set_clock(struct place *place, sec_t server_time)
{
        place->server_clock = true;
        place->server_time = server_time;
        place->anchor = loop_monotonic(place->loop);
}
