/* The freeze and thaw scripts of amid, and their effect. */
#include "sim/sim-freeze.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-instance.h"

enum { TIMEOUT_MAX = 1000000 };

static const char *const cause_names[] = {
        [THAW_BY_COMMAND] = "amid", [THAW_BY_WATCHDOG] = "watchdog", [THAW_BY_FREEZE] = "freeze",
        [THAW_BY_RESTART] = NULL,   [THAW_OF_NOTHING] = NULL,
};

const char *thaw_cause_name(enum thaw_cause by)
{
        return cause_names[by] ? cause_names[by] : by == THAW_BY_RESTART ? "restart" : "nothing";
}

usec_t freeze_end(const struct instance *instance, const struct freeze *freeze,
                  enum thaw_cause *ret_by)
{
        *ret_by = freeze->by;
        for (size_t i = 0; i < instance->n_outages; i++) {
                usec_t down = instance->outages[i].from;

                if (down >= freeze->from && down < freeze->until) {
                        *ret_by = THAW_BY_RESTART;
                        return down;
                }
        }
        return freeze->until;
}

const struct freeze *instance_frozen(const struct instance *instance, usec_t at)
{
        for (size_t i = instance->n_freezes; i; i--) {
                const struct freeze *freeze = &instance->freezes[i - 1];
                enum thaw_cause by;

                if (freeze->from <= at && at < freeze_end(instance, freeze, &by))
                        return freeze;
        }
        return NULL;
}

void freezes_done(struct instance *instance)
{
        for (size_t i = 0; i < instance->n_freezes; i++)
                free(instance->freezes[i].token);
        free(instance->freezes);
        instance->freezes = NULL;
        instance->n_freezes = 0;
}

/* ---- the scripts ---- */

/* How often the system was down before `at`: what its memory forgets with. */
static unsigned int boots(const struct instance *instance, usec_t at)
{
        unsigned int n = 0;

        while (n < instance->n_outages && instance->outages[n].from <= at)
                n++;
        return n;
}

static struct freeze *find(struct instance *instance, const char *token, usec_t at)
{
        for (size_t i = 0; i < instance->n_freezes; i++)
                if (streq(instance->freezes[i].token, token) &&
                    instance->freezes[i].boots == boots(instance, at))
                        return &instance->freezes[i];
        return NULL;
}

static struct freeze *add(struct instance *instance, const char *token, usec_t from, usec_t until,
                          enum thaw_cause by)
{
        struct freeze *freeze = append(instance->freezes, instance->n_freezes);

        *freeze = (struct freeze){ .token = xstrdup(token),
                                   .from = from,
                                   .until = until,
                                   .watchdog = until,
                                   .by = by,
                                   .boots = boots(instance, from) };
        return freeze;
}

static void print_time(struct text *line, const char *name, usec_t time)
{
        text_printf(line, " %s=%" PRId64 "000", name, time);
}

/* Another one after every boot, and always the same after the same. */
static void print_boot_id(struct text *line, const struct instance *instance, usec_t at)
{
        text_printf(line, " boot-id=%08x-0000-4000-8000-%012" PRIx64, boots(instance, at),
                    instance->resource.serial);
}

/* The line that amid reads, last of the output; daemon/runs/remote/freeze-common.sh, report(). */
static char *report(const struct instance *instance, const struct freeze *freeze, const char *what,
                    usec_t at)
{
        _cleanup_(text_done) struct text line = {};
        bool frozen = at < freeze->until;

        text_printf(&line, "amid-%s: state=%s", what, frozen ? "frozen" : "thawed");
        if (freeze->by == THAW_OF_NOTHING) {
                text_append(&line, " reason=never-frozen\n");
                return text_steal(&line);
        }
        if (freeze->by == THAW_BY_FREEZE)
                text_append(&line, " reason=before-failed");
        text_append(&line, " watchdog=systemd");
        print_boot_id(&line, instance, at);
        if (freeze->by != THAW_BY_FREEZE)
                print_time(&line, "frozen-at", freeze->from);
        print_time(&line, "thaws-at", freeze->watchdog);
        if (!frozen) {
                print_time(&line, "thawing-at", freeze->until);
                print_time(&line, "thawed-at", freeze->until);
                text_printf(&line, " thawed-by=%s", cause_names[freeze->by]);
        }
        text_append(&line, "\n");
        return text_steal(&line);
}

static void run_freeze(struct instance *instance, const char *token, usec_t timeout, bool fails,
                       usec_t at, struct script_result *ret)
{
        struct freeze *freeze = find(instance, token, at);
        const struct freeze *other = instance_frozen(instance, at);

        if (!freeze && other) {
                ret->status = 1;
                ret->output = xasprintf("amid-freeze: state=refused reason=busy other=%s\n",
                                        other->token);
                return;
        }
        if (!freeze) {
                freeze = add(instance, token, at, fails ? at : at + timeout,
                             fails ? THAW_BY_FREEZE : THAW_BY_WATCHDOG);
                freeze->watchdog = at + timeout;
        }
        ret->status = at < freeze->until ? 0 : 1;
        ret->output = report(instance, freeze, "freeze", at);
}

static void run_thaw(struct instance *instance, const char *token, bool fails, usec_t at,
                     struct script_result *ret)
{
        struct freeze *freeze = find(instance, token, at);

        if (fails && freeze && at < freeze->until) { /* until the watchdog tries again */
                ret->status = 1;
                ret->output = xstrdup("amid-thaw: state=stuck watchdog=systemd\n");
                return;
        }
        if (!freeze)
                freeze = add(instance, token, at, at, THAW_OF_NOTHING);
        if (at < freeze->until) {
                freeze->until = at;
                freeze->by = THAW_BY_COMMAND;
        }
        ret->status = 0;
        ret->output = report(instance, freeze, "thaw", at);
}

/* What NAME= is set to at the start of a line, or behind a blank of the comment; or NULL. Caller
 * frees. */
static char *setting(const char *script, const char *name)
{
        _cleanup_free_ char *key = xasprintf("%s=", name);

        for (const char *at = script; (at = strstr(at, key)); at++) {
                const char *value = at + strlen(key);

                if (at > script && at[-1] != '\n' && at[-1] != ' ')
                        continue;
                value += *value == '\'';
                return xstrndup(value, strcspn(value, " '\n"));
        }
        return NULL;
}

/* daemon/runs/remote/boot-probe.sh */
static char *boot_probe(const struct instance *instance, usec_t at)
{
        _cleanup_(text_done) struct text line = {};

        text_append(&line, "amid-boot:");
        print_boot_id(&line, instance, at);
        text_printf(&line, " clean=%s\n", instance->unclean ? "no" : "yes");
        return text_steal(&line);
}

void instance_run_script(struct instance *instance, const char *script, bool fails, usec_t at,
                         struct script_result *ret)
{
        bool ours = strstr(script, "amid-thaw") || strstr(script, "\n# amid ");
        _cleanup_free_ char *token = ours ? setting(script, "token") : NULL;
        _cleanup_free_ char *timeout = token ? setting(script, "timeout") : NULL;
        unsigned long long seconds;

        if (!token)
                *ret = (struct script_result){ .status = fails,
                                               .output = strstr(script, "amid-boot") && !fails
                                                                 ? boot_probe(instance, at)
                                                                 : xstrdup("") };
        else if (!timeout)
                run_thaw(instance, token, fails, at, ret);
        else if (parse_number(timeout, TIMEOUT_MAX, &seconds))
                run_freeze(instance, token, (usec_t)seconds * USEC_PER_SEC, fails, at, ret);
        else
                *ret = (struct script_result){ .status = 2, .output = xstrdup("") };
}
