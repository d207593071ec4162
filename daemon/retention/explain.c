/* Verdicts as text: the rule, and the images among which it was applied. */
#include "retention/retention.h"

#include "base/alloc.h"
#include "base/text.h"

/* " of those worth reboot, failed tasks included": the images that compete with `image`. Writes
 * nothing when all images compete. `more`: the sentence does not end here. */
static void write_among(struct text *text, const struct retention_terms *terms,
                        const struct retention_image *image, bool more)
{
        unsigned int level = image->level < terms->full ? image->level : terms->full;

        if (terms->full)
                text_printf(text, " of those worth %s%s", terms->levels[level],
                            level < terms->full ? " or more" : "");
        if (!image->succeeded)
                text_append(text, more ? ", failed tasks included," : ", failed tasks included");
}

static void write_rules(struct text *text, const struct retention_terms *terms,
                        const struct retention_verdict *verdict)
{
        const char *separator = "";
        char buffer[TIME_TEXT_MAX];

        for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++) {
                if (!(verdict->rules & 1U << rule))
                        continue;
                text_printf(text, "%s%s #%u", separator, retain_rule_names[rule],
                            verdict->position[rule]);
                separator = ", ";
        }
        if (verdict->rules & 1U << RETAIN_WITHIN)
                text_printf(text, "%swithin %s", separator,
                            format_duration(terms->policy.within, buffer));
}

static void write_kept(struct text *text, const struct retention_terms *terms,
                       const struct retention_verdict *verdict, const struct retention_image *image)
{
        if (!verdict->rules) {
                text_append(text, "kept: there is no retain policy");
                return;
        }
        text_append(text, "kept: ");
        write_rules(text, terms, verdict);
        if (verdict->rules != 1U << RETAIN_WITHIN) /* `within` does not compare images */
                write_among(text, terms, image, false);
}

static void write_newest(struct text *text, const struct retention_terms *terms,
                         const struct retention_image *image)
{
        unsigned int cap = terms->requested > terms->full ? terms->requested : terms->full;
        struct retention_terms counted = *terms;

        counted.full = cap;
        text_append(text, "kept: the newest image");
        write_among(text, &counted, image, true);
        text_append(text, " always stays");
}

static void write_removed(struct text *text, const struct retention_terms *terms,
                          enum retain_rule lost, const struct retention_image *image)
{
        char buffer[TIME_TEXT_MAX];

        if (lost == RETAIN_RULES) {
                text_append(text, "removed: under every rule a newer image");
                write_among(text, terms, image, true);
                text_append(text, " stands for its period");
        } else if (lost == RETAIN_WITHIN) {
                text_printf(text, "removed: within %s no longer keeps it",
                            format_duration(terms->policy.within, buffer));
        } else {
                text_printf(text, "removed: %s %u", retain_rule_names[lost],
                            terms->policy.keep[lost]);
                write_among(text, terms, image, true);
                text_append(text, " no longer keeps it");
        }
}

static void write_required(struct text *text, const struct retention_terms *terms, bool kept)
{
        text_printf(
                text,
                kept ? "kept: worth less than %s, which is required, but nothing newer is worth "
                       "that"
                     : "removed: worth less than %s, which is required, and a newer image is "
                       "worth that",
                terms->levels[terms->full]);
}

static void write_time(struct text *text, const struct retention_terms *terms,
                       const struct retention_image *image)
{
        char firing[TIME_TEXT_MAX], created[TIME_TEXT_MAX];

        if (!retention_is_plausible(terms, image))
                text_printf(text,
                            " (its time, %s, cannot be right: EC2 created it at %s, which counts)",
                            format_rfc3339(image->firing, firing),
                            format_rfc3339(image->created, created));
}

static void write_outcome(struct text *text, const struct retention_terms *terms,
                          const struct retention_verdict *verdict,
                          const struct retention_image *image)
{
        switch (verdict->outcome) {
        case RETENTION_KEEP_RULE:
                write_kept(text, terms, verdict, image);
                return;
        case RETENTION_KEEP_NEWEST:
                write_newest(text, terms, image);
                return;
        case RETENTION_KEEP_IN_USE:
                text_printf(text, "kept: %s", image->in_use);
                return;
        case RETENTION_KEEP_PENDING:
                text_append(text, image->failed ? "kept: it failed, but no newer image replaces it"
                                                : "kept: not available yet");
                return;
        case RETENTION_KEEP_UNKNOWN:
                text_append(text, "kept: EC2 does not tell when it was created");
                return;
        case RETENTION_KEEP_REQUIRED:
                write_required(text, terms, true);
                return;
        case RETENTION_REMOVE:
                write_removed(text, terms, verdict->lost, image);
                return;
        case RETENTION_REMOVE_BELOW:
                write_required(text, terms, false);
                return;
        case RETENTION_REMOVE_FAILED:
                text_append(text, "removed: it failed, and a newer image is available");
                return;
        }
        abort();
}

char *retention_explain(const struct retention_terms *terms,
                        const struct retention_verdict *verdict,
                        const struct retention_image *image)
{
        _cleanup_(text_done) struct text text = {};

        write_outcome(&text, terms, verdict, image);
        write_time(&text, terms, image);
        return text_steal(&text);
}
