/* AssumeRole, and the keys that it gives. */
#include "sim/sim-role.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-world.h"
#include "sim/sim-xml.h"

/* https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
enum { DURATION_LEAST = 900, DURATION_DEFAULT = 3600, DURATION_MOST = 43200 };

/* ASIA, seconds since 1970, and what makes it unique. */
#define KEY_PREFIX "ASIA"
#define KEY_FORM   KEY_PREFIX "%010" PRId64 "%06" PRIx64

bool role_key(const char *access_key, usec_t *ret_ends)
{
        const char *ends = access_key ? startswith(access_key, KEY_PREFIX) : NULL;

        if (!ends || strlen(ends) != 16)
                return false;
        *ret_ends = 0;
        for (int i = 0; i < 10; i++)
                *ret_ends = *ret_ends * 10 + (ends[i] - '0') * USEC_PER_SEC;
        return true;
}

/* "arn:aws:iam::ACCOUNT:role/NAME"; false: it is none. */
static bool read_arn(const char *arn, char account[static 13], const char **ret_name)
{
        const char *at = arn ? startswith(arn, "arn:aws:iam::") : NULL;

        if (!at || strspn(at, "0123456789") != 12 || !startswith(at + 12, ":role/"))
                return false;
        memcpy(account, at, 12);
        account[12] = '\0';
        *ret_name = at + 12 + strlen(":role/");
        return true;
}

bool assume_role(struct call *call)
{
        const char *arn = param(&call->params, "RoleArn"), *name;
        const char *session = param(&call->params, "RoleSessionName");
        size_t duration = DURATION_DEFAULT;
        _cleanup_free_ char *key = NULL, *assumed = NULL;
        char account[13];
        usec_t ends;

        if (!read_number(call, "DurationSeconds", DURATION_LEAST, DURATION_MOST, &duration))
                return false;
        if (!read_arn(arn, account, &name))
                return fail(call, "ValidationError", "%s is invalid", arn);
        ends = call->now + (usec_t)duration * USEC_PER_SEC;
        key = xasprintf(KEY_FORM, (int64_t)(ends / USEC_PER_SEC), sim_random(call->sim) & 0xffffff);
        if (!streq(account, sim_account(call->sim, NULL)))
                sim_add_account(call->sim, key, account);
        assumed = xasprintf("arn:aws:sts::%s:assumed-role/%s/%s", account, name, session);
        xml_open(&call->out, "Credentials");
        xml_text(&call->out, "AccessKeyId", key);
        xml_text(&call->out, "SecretAccessKey", "simulated");
        xml_text(&call->out, "SessionToken", "simulated");
        xml_time(&call->out, "Expiration", ends);
        xml_close(&call->out, "Credentials");
        xml_open(&call->out, "AssumedRoleUser");
        xml_text(&call->out, "Arn", assumed);
        xml_close(&call->out, "AssumedRoleUser");
        return true;
}
