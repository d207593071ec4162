/*
 * The resources of model-ec2.h: instances, images with their snapshots, commands; their tags, and
 * the filters that choose among them.
 */
#pragma once

#include "aws/services/ec2.h"
#include "scripted-ec2.h"

struct model_instance {
        char *id, *region, *zone;
        int state;      /* enum instance_state */
        sec_t launched; /* LaunchTime: when it was started last */
        char *image;    /* it was started from */
        struct ec2_tag *tags;
        size_t n_tags;
        bool reboots; /* since `rebooted` */
        usec_t rebooted;
        usec_t stale, back;    /* after a reboot: checks are still ok so long; ok again after */
        sec_t impaired, heals; /* its check fails from then until then, whatever it does */
        usec_t changes;        /* while stopping or pending: when that is over */
        usec_t stopping;       /* it takes so long to stop */
        bool falling;          /* the start that is under way does */
        unsigned int falls;    /* so many starts are taken, and end stopped again, for this: */
        const char *reason_code, *reason;
        unsigned int outages;
        char *lifecycle, *address, *type; /* or NULL */
        bool has_disks;
        /* The scripts of amid, as far as SSM can tell: frozen now by `token` until `thaws`; what
         * the last thaw says; no agent. */
        char *token, *thawed;
        usec_t thaws;
        bool no_agent, cannot_freeze, cannot_thaw;
        const char *unreported; /* of its freeze, which runs, SSM says this at last */
        const char *clean;      /* what the boot probe says of the last shutdown */
};

struct model_image {
        char *id, *region, *name, *instance, *snapshot;
        struct ec2_tag *tags;
        size_t n_tags;
        usec_t created;
        sec_t creation_date;
        sec_t launched;     /* LastLaunchedTime; 0: none */
        usec_t takes;       /* until available; USEC_INFINITY: for ever */
        usec_t hidden;      /* not listed for so long */
        bool fails;         /* instead of becoming available */
        const char *reason; /* StateReason */
        const char *snapshot_error;
        usec_t lingers, gone_at; /* listed so long after it was deregistered, and when that was */
        bool no_reboot, gone, snapshot_gone;
        bool was_stopped, was_frozen; /* the instance, when it was made */
        char *thaws_with;             /* the freeze it was made in */
        const char *protection;       /* from deregistration */
        const char *also_used_by;     /* the snapshot, by this other image */
        const char *description;      /* of the snapshot, if CreateImage did not make it */
        char *second;                 /* a snapshot of its other volume; or NULL */
        bool second_gone;
        usec_t snapshot_unlisted; /* monotonic: lists do not contain the snapshot until then */
        int percent;              /* -1: as time goes; else it stands there */
};

struct model_command {
        char *id, *output; /* what the script prints in the end */
        usec_t ends;
        bool fails;
        const char *unreported;
};

struct model {
        struct aws *aws;
        struct model_instance **instances;
        size_t n_instances;
        struct model_image **images;
        size_t n_images;
        usec_t takes, hidden; /* of new images */
        sec_t boot; /* of EC2's clock, when the monotonic one was 0; 0: no image was made yet */
        unsigned int next_id;
        unsigned int most_down;
        unsigned int refused;  /* names that were taken */
        struct model_elb *elb; /* NULL: there are no load balancers */
        struct model_command *commands;
        size_t n_commands;
};

/* ---- tags and filters ---- */

static inline struct ec2_tag *model_copy_tags(const struct ec2_tag *tags, size_t n)
{
        struct ec2_tag *copy = NULL;

        for (size_t n_copy = 0; n_copy < n;) {
                const struct ec2_tag *tag = &tags[n_copy];

                *append(copy, n_copy) = (struct ec2_tag){ xstrdup(tag->key), xstrdup(tag->value) };
        }
        return copy;
}

static inline void model_free_tags(struct ec2_tag *tags, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                free(tags[i].key);
                free(tags[i].value);
        }
        free(tags);
}

static inline void model_set_tag(struct ec2_tag **tags, size_t *n, const char *key,
                                 const char *value)
{
        for (size_t i = 0; i < *n; i++) {
                if (streq((*tags)[i].key, key)) {
                        xreplace(&(*tags)[i].value, value);
                        return;
                }
        }
        *append(*tags, *n) = (struct ec2_tag){ xstrdup(key), xstrdup(value) };
}

/* The one pattern is a star at the end. */
static inline bool model_filter_has(const struct ec2_filter *filter, const char *value)
{
        for (size_t i = 0; value && i < filter->n_values; i++) {
                _cleanup_free_ char *literal = ec2_filter_literal(value);
                size_t n = strcspn(filter->values[i], "*");

                if (streq(filter->values[i], literal) ||
                    (streq(filter->values[i] + n, "*") && !strncmp(filter->values[i], literal, n)))
                        return true;
        }
        return false;
}

/* Whether all filters hold; `names` and `values` are the attributes there are, in pairs. */
static inline bool model_match(const struct ec2_filter *filters, size_t n,
                               const char *const *attributes, const struct ec2_tag *tags,
                               size_t n_tags)
{
        for (size_t i = 0; i < n; i++) {
                const char *value = NULL, *key = startswith(filters[i].name, "tag:");

                assert(filters[i].n_values <= EC2_FILTER_VALUES_MAX);
                if (key)
                        value = ec2_tag_value(tags, n_tags, key);
                for (const char *const *a = attributes; !key && *a; a += 2)
                        if (streq(*a, filters[i].name))
                                value = a[1];
                if (!model_filter_has(&filters[i], value))
                        return false;
        }
        return true;
}
