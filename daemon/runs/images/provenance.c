/* Provenance: an image or snapshot of EC2 compared with a row of the store. */
#include "runs/images/provenance.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"

/* An attribute of EC2, `what`, beside that of the row. NULL is equal to no value. */
struct comparison {
        const char *what, *found, *expected;
};

static char *first_difference(const struct comparison *comparisons, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct comparison *c = &comparisons[i];

                if (!c->expected)
                        return xasprintf("the state has no %s for it", c->what);
                if (!c->found)
                        return xasprintf("it has no %s", c->what);
                if (!streq(c->found, c->expected))
                        return xasprintf("its %s is %s, not %s", c->what, c->found, c->expected);
        }
        return NULL;
}

char *provenance_image(const struct ec2_image *image, const struct store_image *row,
                       const char *owner)
{
        const struct comparison comparisons[] = {
                { "tag " TAG_OWNER, ec2_tag_value(image->tags, image->n_tags, TAG_OWNER), owner },
                { "tag " TAG_SCHEDULE, ec2_tag_value(image->tags, image->n_tags, TAG_SCHEDULE),
                  row->schedule },
                { "tag " TAG_RUN, ec2_tag_value(image->tags, image->n_tags, TAG_RUN), row->run },
                { "tag " TAG_INSTANCE, ec2_tag_value(image->tags, image->n_tags, TAG_INSTANCE),
                  row->instance },
                { "SourceInstanceId", image->source_instance, row->instance },
                { "name", image->name, row->name },
        };
        char found[TIME_TEXT_MAX], expected[TIME_TEXT_MAX];
        char *difference = first_difference(comparisons, ELEMENTS(comparisons));

        if (MUTANT(removes_what_was_changed))
                free(steal(difference));
        if (!difference && image->created != row->created)
                difference = xasprintf("its CreationDate is %s, not %s",
                                       format_rfc3339(image->created, found),
                                       format_rfc3339(row->created, expected));
        return difference;
}

char *provenance_snapshot(const struct ec2_snapshot *snapshot, const struct store_image *row,
                          const char *owner)
{
        const struct comparison comparisons[] = {
                { "tag " TAG_OWNER, ec2_tag_value(snapshot->tags, snapshot->n_tags, TAG_OWNER),
                  owner },
                { "tag " TAG_SCHEDULE,
                  ec2_tag_value(snapshot->tags, snapshot->n_tags, TAG_SCHEDULE), row->schedule },
                { "tag " TAG_INSTANCE,
                  ec2_tag_value(snapshot->tags, snapshot->n_tags, TAG_INSTANCE), row->instance },
                { "tag " TAG_RUN, ec2_tag_value(snapshot->tags, snapshot->n_tags, TAG_RUN),
                  row->run },
        };
        char *difference = first_difference(comparisons, ELEMENTS(comparisons));

        if (!difference && !snapshot_is_of(snapshot, row->id, row->run, row->instance))
                difference = xasprintf("its description is \"%s\", which does not name %s",
                                       snapshot->description ? snapshot->description : "", row->id);
        return difference;
}
