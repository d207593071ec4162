/* Names and tags of images and snapshots. */
#include "runs/images/naming.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

void name_filter_init(struct name_filter *filter, const char *name, const char *value)
{
        filter->name = xstrdup(name);
        filter->literal = ec2_filter_literal(value);
        filter->value = filter->literal;
        filter->filter = (struct ec2_filter){
                .name = filter->name,
                .values = &filter->value,
                .n_values = 1,
        };
}

void name_filter_done(struct name_filter *filter)
{
        free(filter->name);
        free(filter->literal);
}

enum outcome outcome_of_tag(const char *value)
{
        if (streq(value, outcome_names[OUTCOME_DONE]))
                return OUTCOME_DONE;
        return streq(value, outcome_names[OUTCOME_FAILED]) ? OUTCOME_FAILED : OUTCOME_OPEN;
}

char *image_snapshots(const struct ec2_image *image)
{
        _cleanup_(text_done) struct text text = {};

        for (size_t i = 0; i < image->n_devices; i++)
                if (image->devices[i].snapshot && *image->devices[i].snapshot)
                        text_printf(&text, "%s%s", text_size(&text) ? " " : "",
                                    image->devices[i].snapshot);
        return text_steal(&text);
}

bool names_id(const char *text, const char *id)
{
        size_t size = strlen(id);

        for (const char *at = text; at && (at = strstr(at, id)); at += size)
                if (!isalnum((unsigned char)at[size]))
                        return true;
        return false;
}

bool snapshot_is_of(const struct ec2_snapshot *snapshot, const char *image, const char *run,
                    const char *instance)
{
        const struct ec2_tag *tags = snapshot->tags;

        return names_id(snapshot->description, image) &&
               streq(ec2_tag_value(tags, snapshot->n_tags, TAG_RUN), run) &&
               streq(ec2_tag_value(tags, snapshot->n_tags, TAG_INSTANCE), instance);
}

char *image_protection(const struct ec2_image *image)
{
        bool is_protected =
                image->protection && *image->protection && !streq(image->protection, "disabled");

        return is_protected ? xasprintf("protected from deregistration (%s)", image->protection)
                            : NULL;
}
