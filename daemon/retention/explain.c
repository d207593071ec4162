#include "retention/retention.h"

#include "base/alloc.h"
#include "base/text.h"

static char *explain_rules(const struct retention_policy *policy,
                           const struct retention_verdict *verdict)
{
        _cleanup_(text_done) struct text text = {};
        const char *separator = "kept: ";
        char buffer[TIME_TEXT_MAX];

        for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++) {
                if (!(verdict->rules & 1U << rule))
                        continue;
                text_printf(&text, "%s%s #%u", separator, retain_rule_names[rule],
                            verdict->place[rule]);
                separator = ", ";
        }
        if (verdict->rules & 1U << RETAIN_WITHIN)
                text_printf(&text, "%swithin %s", separator,
                            format_duration(policy->within, buffer));
        return text_steal(&text);
}

static char *explain_removal(const struct retention_policy *policy, enum retain_rule lost)
{
        char buffer[TIME_TEXT_MAX];

        if (lost == RETAIN_RULES)
                return xstrdup("removed: under every rule a newer image stands for its period");
        if (lost == RETAIN_WITHIN)
                return xasprintf("removed: within %s no longer keeps it",
                                 format_duration(policy->within, buffer));
        return xasprintf("removed: %s %u no longer keeps it", retain_rule_names[lost],
                         policy->keep[lost]);
}

char *retention_explain(const struct retention_policy *policy,
                        const struct retention_verdict *verdict,
                        const struct retention_image *image)
{
        switch (verdict->outcome) {
        case RETENTION_KEEP_RULE:
                if (!verdict->rules)
                        return xstrdup("kept: there is no retain policy");
                return explain_rules(policy, verdict);
        case RETENTION_KEEP_LAST_GOOD:
                return xstrdup("kept: the newest good image always stays");
        case RETENTION_KEEP_HELD:
                return xasprintf("kept: in use (%s)", image->held_by);
        case RETENTION_KEEP_PENDING:
                return xstrdup(image->failed ? "kept: it failed, but no newer image replaces it"
                                             : "kept: not available yet");
        case RETENTION_KEEP_WEAK:
                return xstrdup(
                        "kept: worth less than is required, but nothing newer is worth more");
        case RETENTION_REMOVE_WEAK:
                return xstrdup("removed: worth less than is required, and a newer image is not");
        case RETENTION_REMOVE:
                return explain_removal(policy, verdict->lost);
        case RETENTION_REMOVE_FAILED:
                return xstrdup("removed: it failed, and a newer image is available");
        }
        abort();
}
