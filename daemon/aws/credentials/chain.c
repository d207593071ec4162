/* Runs the providers of a chain one after another, and reads the shared files for them. */
#include "aws/credentials/chain-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aws/config/endpoint.h"
#include "aws/config/profile.h"
#include "aws/config/variable.h"
#include "base/alloc.h"

static void release_pending(struct chain *chain)
{
        chain->imds = imds_credentials_free(chain->imds);
        chain->process = process_free(chain->process);
        chain->http = http_slot_free(chain->http);
        chain->sts = sts_free(chain->sts);
        chain->inner = chain_free(chain->inner);
}

struct chain *chain_free(struct chain *chain)
{
        if (!chain)
                return NULL;
        release_pending(chain);
        timer_free(chain->timer);
        shared_done(&chain->shared);
        shared_done(&chain->system);
        text_done(&chain->tried);
        free(chain->profile);
        free(chain->endpoint_url);
        free(chain);
        return NULL;
}

static void note(struct chain *chain, const char *why)
{
        text_printf(&chain->tried, "%s%s: %s", text_size(&chain->tried) ? "; " : "",
                    chain->provider->name, why);
}

static void finish(struct chain *chain, struct credentials *credentials)
{
        chain->done(credentials, credentials ? NULL : text_get(&chain->tried), chain->userdata);
}

/* Tries chain->provider and the providers after it. */
static void try_providers(struct chain *chain)
{
        for (; chain->provider->name; chain->provider++) {
                _cleanup_(credentials_unrefp) struct credentials *credentials = NULL;
                _cleanup_free_ char *why = NULL;

                if (!(chain->provider->chains & chain->kind))
                        continue;
                switch (chain->provider->retrieve(chain, &credentials, &why)) {
                case PROVIDER_FOUND:
                        finish(chain, credentials);
                        return;
                case PROVIDER_UNSET:
                        note(chain, why);
                        break;
                case PROVIDER_BROKEN:
                        note(chain, why);
                        finish(chain, NULL);
                        return;
                case PROVIDER_PENDING:
                        return;
                }
        }
        finish(chain, NULL);
}

void chain_complete(struct chain *chain, struct credentials *credentials, const char *why)
{
        if (credentials) {
                finish(chain, credentials);
                return;
        }
        note(chain, why);
        if (chain->provider->optional) {
                chain->provider++;
                try_providers(chain);
        } else {
                finish(chain, NULL);
        }
}

static bool knows_profile(const struct chain *chain)
{
        return shared_has_profile(&chain->shared, SHARED_MERGED, chain->profile) ||
               shared_has_profile(&chain->system, SHARED_CREDENTIALS, chain->profile);
}

static int read_files(struct chain *chain, char **ret_why)
{
        const char *folder = variable_get("CREDENTIALS_DIRECTORY");
        _cleanup_free_ char *path = folder ? xasprintf("%s/aws", folder) : NULL;

        shared_done(&chain->shared);
        shared_done(&chain->system);
        if (path && shared_read_file(&chain->system, SHARED_CREDENTIALS, path, ret_why) < 0)
                return -EINVAL;
        return shared_read(&chain->shared, ret_why);
}

static void on_timer(void *userdata)
{
        struct chain *chain = userdata;
        bool named = chain->explicit_ || profile_is_named(NULL);
        _cleanup_free_ char *why = NULL;

        if (read_files(chain, &why) < 0)
                text_printf(&chain->tried, "files: %s", why);
        else if (chain->kind & (CHAIN_DEFAULT | CHAIN_PROFILE) && named && !knows_profile(chain))
                /* A misspelt profile must not end in the identity of another provider. */
                text_printf(&chain->tried, "files: no profile %s in %s", chain->profile,
                            chain->shared.where);
        else {
                try_providers(chain);
                return;
        }
        finish(chain, NULL);
}

struct chain *chain_new(const struct tools *tools, const struct chain_options *options,
                        chain_fn *done, void *userdata)
{
        struct chain *chain = xnew(struct chain);

        *chain = (struct chain){
                .tools = tools,
                .outer = options->outer,
                .kind = options->kind,
                .profile = xstrdup(profile_name(options->profile)),
                .endpoint_url = xstrdup(options->endpoint_url),
                .explicit_ = options->profile,
                .providers = options->providers,
                .provider = options->providers,
                .done = done,
                .userdata = userdata,
        };
        chain->timer = timer_new(tools->loop, on_timer, chain);
        timer_arm(chain->timer, 0);
        return chain;
}

const char *chain_value(const struct chain *chain, const char *key)
{
        return shared_profile(&chain->shared, SHARED_MERGED, chain->profile, key);
}

char *chain_region(const struct chain *chain, const char *arn)
{
        const char *candidates[] = {
                variable_get("AWS_REGION"),
                variable_get("AWS_DEFAULT_REGION"),
                chain_value(chain, "region"),
        };
        _cleanup_free_ char *partition = NULL;

        if (startswith(arn, "arn:"))
                partition = xstrndup(arn + 4, strcspn(arn + 4, ":"));
        for (size_t i = 0; i < ELEMENTS(candidates); i++)
                if (candidates[i] &&
                    (!partition || streq(endpoint_partition(candidates[i]), partition)))
                        return xstrdup(candidates[i]);
        return xstrdup(endpoint_partition_region(partition ? partition : "aws"));
}
