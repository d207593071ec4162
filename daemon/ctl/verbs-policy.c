/* `amictl policy`: the IAM policies that the settings need. */
#include <stdlib.h>
#include <string.h>

#include "aws/config/endpoint.h"
#include "aws/failure/policy.h"
#include "base/alloc.h"
#include "base/clean.h"
#include "ctl/output.h"
#include "ctl/verbs.h"
#include "settings/settings.h"

/* The values of the settings that struct policy_values borrows. */
struct need {
        unsigned int set; /* 1 << enum policy_feature */
        struct policy_targets *targets;
        size_t n_targets;
        const char **roles;
        size_t n_roles;
        const char *region; /* a region of the settings; NULL: they have none */
};

static void need_done(struct need *need)
{
        for (size_t i = 0; i < need->n_targets; i++)
                free((struct policy_tag *)(uintptr_t)need->targets[i].tags);
        free(need->targets);
        free(need->roles);
}

/* The features, beside the core, that a schedule needs. */
static unsigned int features_of(const struct setting_schedule *schedule)
{
        const struct setting_reboot *reboot = &schedule->reboot;
        bool stops = schedule->consistency == CONSISTENCY_STOP;
        bool down = stops || schedule->consistency == CONSISTENCY_REBOOT ||
                    schedule->consistency == CONSISTENCY_AUTO;
        const struct {
                bool needed;
                enum policy_feature feature;
        } rows[] = {
                { true, POLICY_CORE },
                { true, POLICY_EXPLAIN },
                { schedule->consistency != CONSISTENCY_CRASH, POLICY_STATUS_CHECKS },
                { stops, POLICY_STOP },
                { stops, POLICY_ENCRYPTED },
                { schedule->has_freeze || schedule->consistency == CONSISTENCY_FREEZE ||
                          (down && reboot->proof == PROOF_SSM),
                  POLICY_FREEZE },
                { down && reboot->target_groups != TARGET_GROUPS_IGNORE, POLICY_TARGET_GROUPS },
                { down && reboot->target_groups == TARGET_GROUPS_DRAIN, POLICY_DRAIN },
                { down && reboot->auto_scaling == AUTO_SCALING_STANDBY, POLICY_STANDBY },
        };
        unsigned int set = 0;

        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (rows[i].needed)
                        set |= 1U << rows[i].feature;
        return set;
}

static bool same_tag(const struct policy_tag *a, const struct policy_tag *b)
{
        if (!streq(a->key, b->key) || a->n_values != b->n_values)
                return false;
        for (size_t i = 0; i < a->n_values; i++)
                if (!streq(a->values[i], b->values[i]))
                        return false;
        return true;
}

static bool same_targets(const struct policy_targets *a, const struct policy_targets *b)
{
        if (a->n_tags != b->n_tags || a->n_ids != b->n_ids)
                return false;
        for (size_t i = 0; i < a->n_tags; i++)
                if (!same_tag(&a->tags[i], &b->tags[i]))
                        return false;
        for (size_t i = 0; i < a->n_ids; i++)
                if (!streq(a->ids[i], b->ids[i]))
                        return false;
        return true;
}

static void add_targets(struct need *need, const struct setting_targets *setting, unsigned int set)
{
        struct policy_tag *tags = xcalloc(setting->n_tags + 1, sizeof(*tags));
        struct policy_targets targets = {
                .set = set,
                .tags = tags,
                .n_tags = setting->n_tags,
                .ids = (const char *const *)setting->instance_ids,
                .n_ids = setting->n_instance_ids,
        };

        for (size_t i = 0; i < setting->n_tags; i++)
                tags[i] = (struct policy_tag){
                        .key = setting->tags[i].key,
                        .values = (const char *const *)setting->tags[i].values,
                        .n_values = setting->tags[i].n_values,
                };
        for (size_t i = 0; i < need->n_targets; i++)
                if (same_targets(&need->targets[i], &targets)) {
                        need->targets[i].set |= set;
                        free(tags);
                        return;
                }
        *append(need->targets, need->n_targets) = targets;
}

static void add_schedule(struct need *need, const struct setting_schedule *schedule,
                         const char *account)
{
        if (account && !strings_contain(schedule->accounts, schedule->n_accounts, account))
                return;
        need->set |= features_of(schedule);
        add_targets(need, &schedule->targets, features_of(schedule));
        if (schedule->n_regions)
                need->region = schedule->regions[0];
}

/* Adds the needs of an account. `only` names the account whose role gets the policy; NULL: the
 * policy of the daemon's own identity, which also assumes the roles. */
static void add_account(struct need *need, const struct setting_account *account, const char *only)
{
        if (only && !streq(account->name, only))
                return;
        if (account->n_regions)
                need->region = account->regions[0];
        if (account->role_arn && !only) {
                need->set |= 1U << POLICY_ROLES;
                if (account->n_session_tags)
                        need->set |= 1U << POLICY_SESSION_TAGS;
                *append(need->roles, need->n_roles) = account->role_arn;
        }
}

/* The size of a policy for IAM, which does not count white space. */
static size_t size_of(const cJSON *document)
{
        char *printed = cJSON_PrintUnformatted(document);
        size_t size = strlen(printed);

        cJSON_free(printed);
        return size;
}

static int print(struct ctl *ctl, const struct need *need, const struct settings *settings)
{
        const struct policy_values values = {
                .partition = endpoint_partition(need->region ? need->region : "us-east-1"),
                .owner = settings->owner,
                .targets = need->targets,
                .n_targets = need->n_targets,
                .roles = need->roles,
                .n_roles = need->n_roles,
        };
        cJSON *document = policy_document(need->set, &values);
        char *printed = cJSON_Print(document);
        _cleanup_free_ char *safe = text_clean_json(printed); /* has tags of the settings */

        if (size_of(document) > POLICY_SIZE_MAX)
                ctl_complain("%zu characters: a managed policy holds %d. Give the targets of your "
                             "schedules a tag in common, or split the statements over policies",
                             size_of(document), POLICY_SIZE_MAX);
        fprintf(ctl->out.stream, "%s\n", safe);
        cJSON_free(printed);
        cJSON_Delete(document);
        return CTL_DONE;
}

int verb_policy(struct ctl *ctl, char **arguments, size_t n)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        _cleanup_(need_done) struct need need = { .set = 1U << POLICY_CORE };
        const char *account = n ? arguments[0] : NULL;

        if (settings_load(ctl->file, &settings, &messages) < 0) {
                fputs(text_get(&messages), stderr);
                return CTL_FAILED;
        }
        if (account && !settings_account(settings, account)) {
                ctl_complain("There is no account \"%s\" in the settings.", account);
                return CTL_FAILED;
        }
        for (size_t i = 0; i < settings->n_accounts; i++)
                add_account(&need, &settings->accounts[i], account);
        for (size_t i = 0; i < settings->n_schedules; i++)
                add_schedule(&need, &settings->schedules[i], account);
        return print(ctl, &need, settings);
}
