#include "aws/credentials/search-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aws/config/endpoint.h"
#include "aws/config/profile.h"
#include "aws/config/variable.h"
#include "base/alloc.h"

static void release_asked(struct search *search)
{
        search->imds = imds_credentials_free(search->imds);
        search->process = process_free(search->process);
        search->http = http_slot_free(search->http);
        search->sts = sts_free(search->sts);
        search->inner = search_free(search->inner);
}

struct search *search_free(struct search *search)
{
        if (!search)
                return NULL;
        release_asked(search);
        timer_free(search->timer);
        shared_done(&search->shared);
        shared_done(&search->system);
        text_done(&search->tried);
        free(search->profile);
        free(search->endpoint_url);
        free(search);
        return NULL;
}

static void note(struct search *search, const char *why)
{
        text_printf(&search->tried, "%s%s: %s", text_size(&search->tried) ? "; " : "",
                    search->source->name, why);
}

static void finish(struct search *search, struct credentials *credentials)
{
        search->done(credentials, credentials ? NULL : text_get(&search->tried), search->userdata);
}

/* Goes through the sources from the present one on. */
static void look_on(struct search *search)
{
        for (; search->source->name; search->source++) {
                _cleanup_(credentials_unrefp) struct credentials *credentials = NULL;
                _cleanup_free_ char *why = NULL;

                if (!(search->source->searches & search->kind))
                        continue;
                switch (search->source->look(search, &credentials, &why)) {
                case SOURCE_FOUND:
                        finish(search, credentials);
                        return;
                case SOURCE_NOTHING:
                        note(search, why);
                        break;
                case SOURCE_BROKEN:
                        note(search, why);
                        finish(search, NULL);
                        return;
                case SOURCE_ASKED:
                        return;
                }
        }
        finish(search, NULL);
}

void search_take(struct search *search, struct credentials *credentials, const char *why)
{
        if (credentials) {
                finish(search, credentials);
                return;
        }
        note(search, why);
        if (search->source->optional) {
                search->source++;
                look_on(search);
        } else {
                finish(search, NULL);
        }
}

static bool knows_profile(const struct search *search)
{
        return shared_has_profile(&search->shared, SHARED_MERGED, search->profile) ||
               shared_has_profile(&search->system, SHARED_CREDENTIALS, search->profile);
}

static int read_files(struct search *search, char **ret_why)
{
        const char *folder = variable_get("CREDENTIALS_DIRECTORY");
        _cleanup_free_ char *path = folder ? xasprintf("%s/aws", folder) : NULL;

        shared_done(&search->shared);
        shared_done(&search->system);
        if (path && shared_read_file(&search->system, SHARED_CREDENTIALS, path, ret_why) < 0)
                return -EINVAL;
        return shared_read(&search->shared, ret_why);
}

static void on_timer(void *userdata)
{
        struct search *search = userdata;
        bool named = search->explicit_ || profile_is_named(NULL);
        _cleanup_free_ char *why = NULL;

        if (read_files(search, &why) < 0)
                text_printf(&search->tried, "files: %s", why);
        else if (search->kind & (SEARCH_CHAIN | SEARCH_PROFILE) && named && !knows_profile(search))
                /* A profile that somebody named must not end in another identity. */
                text_printf(&search->tried, "files: no profile %s in %s", search->profile,
                            search->shared.where);
        else {
                look_on(search);
                return;
        }
        finish(search, NULL);
}

struct search *search_new(const struct tools *tools, const struct search_options *options,
                          search_fn *done, void *userdata)
{
        struct search *search = xnew(struct search);

        *search = (struct search){
                .tools = tools,
                .outer = options->outer,
                .kind = options->kind,
                .profile = xstrdup(profile_name(options->profile)),
                .endpoint_url = xstrdup(options->endpoint_url),
                .explicit_ = options->profile,
                .sources = options->sources,
                .source = options->sources,
                .done = done,
                .userdata = userdata,
        };
        search->timer = timer_new(tools->loop, on_timer, search);
        timer_arm(search->timer, 0);
        return search;
}

const char *search_value(const struct search *search, const char *key)
{
        return shared_profile(&search->shared, SHARED_MERGED, search->profile, key);
}

char *search_region(const struct search *search, const char *arn)
{
        const char *candidates[] = {
                variable_get("AWS_REGION"),
                variable_get("AWS_DEFAULT_REGION"),
                search_value(search, "region"),
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
