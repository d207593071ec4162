/*
 * A draft: settings on their way from YAML. load.c reads files into a draft along the key tables of
 * tables.c, check.c and clash.c compare what no single value shows, and only a draft without an
 * error becomes struct settings. Private to settings/.
 */
#pragma once

#include <stddef.h>

#include "settings/settings.h"
#include "yaml/conf.h"

/* A schedule or an account of the draft. */
struct draft_schedule {
        struct setting_schedule schedule;
        struct layer own;
        struct position position; /* of its name */
        struct unread unread;     /* checks that need these keys are left out */
};
struct draft_account {
        struct setting_account account;
        struct position position; /* of its name */
};

struct draft {
        struct conf conf;
        struct zone **zones; /* each time zone is loaded once */
        size_t n_zones;
        char *owner;
        unsigned int api_share;
        struct layer defaults;
        struct draft_schedule *schedules;
        size_t n_schedules;
        struct draft_account *accounts;
        size_t n_accounts;
};

/* The draft that `conf` is part of: a parser of a kind gets the conf alone. */
static inline struct draft *draft_of(struct conf *conf)
{
        return (struct draft *)(void *)((char *)conf - offsetof(struct draft, conf));
}

/* ---- version.c ---- */
/* Whether the map has a version. Messages quote keys and values, and a map without version may be
 * any file, even a file that the caller of `sudo amictl -c FILE check` may not read: then the only
 * error is that version is missing, and nothing else of the file is read. */
bool draft_check_version(struct conf *conf, const yaml_node_t *root);
extern const struct kind kind_version;

/* ---- regions.c, maps.c, script.c, tags.c, template.c, when.c: kinds ---- */
extern const struct kind kind_regions;
extern const struct kind kind_targets, kind_retain, kind_freeze, kind_accounts, kind_defaults,
        kind_schedules;
extern const struct kind kind_scripts;
extern const struct kind kind_tags, kind_tag_match;
extern const struct kind kind_group_by, kind_name_template, kind_text_template;
extern const struct kind kind_timezone, kind_expression, kind_instant;

/* ---- forms.c ---- */
extern const struct form form_name, form_region, form_instance, form_device, form_url, form_profile,
        form_regions, form_role, form_external_id, form_session, form_account;

/* ---- tables.c ---- */
extern const struct key root_keys[], conf_d_keys[], schedule_keys[], account_keys[];

/* ---- check.c ---- */
/* Sorts accounts by name; a name that is given twice is an error. Without any account there is one,
 * "default". */
void draft_check_accounts(struct draft *draft);
/* Sorts schedules by name and checks each of them against the accounts. */
void draft_check_schedules(struct draft *draft);

/* ---- clash.c ---- */
/* No two schedules may be able to give an image the same name. The schedules are sorted by name. */
void draft_check_clashes(struct draft *draft);

/* ---- settings.c ---- */
void setting_account_done(struct setting_account *account);
void setting_schedule_done(struct setting_schedule *schedule);
