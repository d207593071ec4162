/* Accounts: their credentials, roles and endpoints, and the governors that equal accounts share. */
#include "aws/client/account.h"

#include <assert.h>
#include <string.h>
#include <utlist.h>

#include "aws/config/profile.h"
#include "aws/config/variable.h"
#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"

/* The credentials that assume the roles of one or more accounts. */
struct base {
        unsigned int references;
        char *profile, *endpoint_url;
        struct credentials_cache *credentials;
        struct base *next;
};

int aws_new(struct loop *loop, struct http *http, struct aws **ret)
{
        struct aws *aws = xnew(struct aws);

        aws->tools = (struct tools){ loop, http, imds_new(loop, http), &aws->clock, &aws->calls };
        aws->share = MUTANT(takes_more_than_half) ? 80 : AWS_SHARE_DEFAULT;
        *ret = aws;
        return 0;
}

struct aws *aws_free(struct aws *aws)
{
        if (!aws)
                return NULL;
        assert(!aws->accounts && !aws->bases);
        imds_free(aws->tools.imds);
        free(aws->owner);
        free(aws);
        return NULL;
}

void aws_set_share(struct aws *aws, unsigned int percent)
{
        struct aws_account *account;

        aws->share = MUTANT(takes_more_than_half) ? 80 : percent;
        LL_FOREACH (aws->accounts, account) {
                struct service_endpoint *endpoint;

                LL_FOREACH (account->endpoints, endpoint) {
                        governor_set_percent(endpoint->governor, percent);
                }
        }
}

void aws_set_owner(struct aws *aws, const char *owner)
{
        xreplace(&aws->owner, owner);
}

/* ---- credentials ---- */

static char *key_of(const struct aws_account_options *options)
{
        _cleanup_(text_done) struct text key = {};
        const char *const parts[] = {
                options->name,     options->endpoint_url,   options->profile,
                options->role_arn, options->external_id,    options->session_name,
                options->region,   options->expect_account,
        };

        for (size_t i = 0; i < ELEMENTS(parts); i++)
                text_printf(&key, "%s\n", parts[i] ? parts[i] : "");
        text_printf(&key, "%u\n", options->duration);
        for (size_t i = 0; i < options->n_session_tags; i++)
                text_printf(&key, "%s=%s\n", options->session_tags[i].key,
                            options->session_tags[i].value);
        return text_steal(&key);
}

/* The region of the STS endpoint: the first of the environment, the profile and the account's
 * regions that is in the partition of the role or account, else the first region of that partition.
 */
static char *sts_region(const struct aws_account_options *options)
{
        _cleanup_(shared_done) struct shared shared = {};
        _cleanup_free_ char *error = NULL, *partition = NULL;
        const char *candidates[4] = { variable_get("AWS_REGION"),
                                      variable_get("AWS_DEFAULT_REGION"), NULL, options->region };

        if (options->role_arn && startswith(options->role_arn, "arn:"))
                partition = xstrndup(options->role_arn + 4, strcspn(options->role_arn + 4, ":"));
        else if (options->region)
                partition = xstrdup(endpoint_partition(options->region));
        if (shared_read(&shared, &error) == 0)
                candidates[2] = shared_profile(&shared, SHARED_MERGED,
                                               profile_name(options->profile), "region");
        for (size_t i = 0; i < ELEMENTS(candidates); i++)
                if (candidates[i] &&
                    (!partition || streq(endpoint_partition(candidates[i]), partition)))
                        return xstrdup(candidates[i]);
        return partition ? xstrdup(endpoint_partition_region(partition)) : NULL;
}

static struct base *base_get(struct aws *aws, const struct aws_account_options *options,
                             const char *region)
{
        struct base *base;

        LL_FOREACH (aws->bases, base) {
                if (streq(base->profile, options->profile) &&
                    streq(base->endpoint_url, options->endpoint_url)) {
                        base->references++;
                        return base;
                }
        }
        base = xnew(struct base);
        *base = (struct base){
                .references = 1,
                .profile = xstrdup(options->profile),
                .endpoint_url = xstrdup(options->endpoint_url),
                .credentials = credentials_cache_new(&(struct credentials_cache_options){
                        .tools = &aws->tools,
                        .profile = options->profile,
                        .endpoint_url = options->endpoint_url,
                        .region = region,
                }),
        };
        LL_PREPEND(aws->bases, base);
        return base;
}

static void base_put(struct aws *aws, struct base *base)
{
        if (!base || --base->references > 0)
                return;
        LL_DELETE(aws->bases, base);
        credentials_cache_free(base->credentials);
        free(base->profile);
        free(base->endpoint_url);
        free(base);
}

static struct credentials_cache *make_cache(const struct aws_account *account,
                                            const struct aws_account_options *options,
                                            const char *region)
{
        _cleanup_free_ struct sts_tag *tags = xcalloc(options->n_session_tags + 1, sizeof(*tags));
        struct sts_role role = {
                .arn = options->role_arn,
                .session = options->session_name ? options->session_name : STS_SESSION_NAME,
                .external_id = options->external_id,
                .duration = options->duration,
                .tags = tags,
                .n_tags = options->n_session_tags,
                .source = "the account's role",
        };

        for (size_t i = 0; i < options->n_session_tags; i++)
                tags[i] = (struct sts_tag){ options->session_tags[i].key,
                                            options->session_tags[i].value };
        return credentials_cache_new(&(struct credentials_cache_options){
                .tools = &account->aws->tools,
                .profile = options->profile,
                .endpoint_url = options->endpoint_url,
                .region = region,
                .base = account->base ? account->base->credentials : NULL,
                .role = &role,
                .expect_account = options->expect_account,
        });
}

/* ---- accounts with the same account id ---- */

/* The governor of another account with the same account id for the same endpoint, or NULL. */
static struct governor *find_shared(const struct aws_account *account,
                                    const struct service_endpoint *like)
{
        struct aws_account *other;
        struct service_endpoint *endpoint;

        if (!account->id)
                return NULL;
        LL_FOREACH (account->aws->accounts, other) {
                if (other == account || !streq(other->id, account->id))
                        continue;
                LL_FOREACH (other->endpoints, endpoint) {
                        if (endpoint->service == like->service &&
                            streq(endpoint->region, like->region) &&
                            streq(endpoint->address.host, like->address.host))
                                return endpoint->governor;
                }
        }
        return NULL;
}

static void share_governor(const struct aws_account *account, struct service_endpoint *endpoint)
{
        struct governor *governor = find_shared(account, endpoint);

        if (!governor || governor == endpoint->governor)
                return;
        governor_unref(endpoint->governor);
        endpoint->governor = governor_ref(governor);
}

static void on_account(const char *id, void *userdata)
{
        struct aws_account *account = userdata;
        struct service_endpoint *endpoint;

        xreplace(&account->id, id);
        LL_FOREACH (account->endpoints, endpoint) {
                share_governor(account, endpoint);
        }
}

/* A single account needs no id. An account with a role has its id from the role's ARN already. */
static void find_ids(struct aws *aws)
{
        struct aws_account *account;

        if (!aws->accounts->next)
                return;
        LL_FOREACH (aws->accounts, account) {
                if (!account->id)
                        credentials_cache_watch_account(account->credentials, on_account, account);
        }
}

static char *known_id(const struct aws_account_options *options)
{
        char id[ACCOUNT_ID_SIZE];

        if (options->expect_account)
                return xstrdup(options->expect_account);
        return options->role_arn && account_of_arn(options->role_arn, id) ? xstrdup(id) : NULL;
}

/* ---- accounts ---- */

struct aws_account *aws_account(struct aws *aws, const struct aws_account_options *options)
{
        _cleanup_free_ char *key = key_of(options), *region = NULL;
        struct aws_account *account;

        LL_FOREACH (aws->accounts, account) {
                if (streq(account->key, key))
                        return aws_account_ref(account);
        }
        region = sts_region(options);
        account = xnew(struct aws_account);
        *account = (struct aws_account){
                .aws = aws,
                .references = 1,
                .key = steal(key),
                .name = xstrdup(options->name),
                .endpoint_url = xstrdup(options->endpoint_url),
                .profile = xstrdup(options->profile),
                .id = known_id(options),
                .sts_region_unknown = !region,
                .base = options->role_arn ? base_get(aws, options, region) : NULL,
        };
        account->credentials = make_cache(account, options, region);
        LL_PREPEND(aws->accounts, account);
        find_ids(aws);
        return account;
}

struct aws_account *aws_account_ref(struct aws_account *account)
{
        account->references++;
        return account;
}

struct aws_account *aws_account_unref(struct aws_account *account)
{
        struct service_endpoint *endpoint, *next;

        if (!account || --account->references > 0)
                return NULL;
        LL_DELETE(account->aws->accounts, account);
        LL_FOREACH_SAFE (account->endpoints, endpoint, next) {
                service_endpoint_free(endpoint);
        }
        credentials_cache_free(account->credentials);
        base_put(account->aws, account->base);
        free(account->key);
        free(account->name);
        free(account->endpoint_url);
        free(account->profile);
        free(account->id);
        free(account);
        return NULL;
}

const char *aws_account_name(const struct aws_account *account)
{
        return account->name;
}

struct service_endpoint *account_endpoint(struct aws_account *account,
                                          const struct service *service, const char *region)
{
        struct service_endpoint *endpoint;

        LL_FOREACH (account->endpoints, endpoint) {
                if (endpoint->service == service && streq(endpoint->region, region))
                        return endpoint;
        }
        endpoint =
                service_endpoint_new(account->aws->tools.loop, service, region,
                                     account->endpoint_url, account->profile, account->aws->share);
        share_governor(account, endpoint);
        LL_PREPEND(account->endpoints, endpoint);
        return endpoint;
}

/* ---- calls ---- */

static void release_account(void *account)
{
        aws_account_unref(account);
}

struct aws_slot *aws_call(struct aws_account *account, const char *region,
                          const struct action *action, const void *input, aws_done_fn *done,
                          void *userdata)
{
        return call_new(
                &(struct call_options){
                        .tools = &account->aws->tools,
                        .endpoint = account_endpoint(account, action->service, region),
                        .action = action,
                        .input = input,
                        .signer = credentials_cache_signer(account->credentials),
                        .owner = (const char *const *)&account->aws->owner,
                        .release = release_account,
                        .held = aws_account_ref(account),
                },
                done, userdata);
}

void aws_clock(const struct aws *aws, struct aws_clock *ret)
{
        clock_sample_read(&aws->clock, aws->tools.loop, ret);
}
