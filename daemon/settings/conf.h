/*
 * The engine behind the settings: YAML nodes are walked along key tables, every mistake becomes a
 * message and the walk goes on. Private to settings/.
 *
 * A table row names a key, the kind of its value and the field it fills. The same rows print the
 * manual and the JSON schema, so that parser, help and schema cannot differ.
 */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

#include "base/text.h"
#include "settings/settings.h"

enum {
        CONF_DEPTH_MAX = 32,      /* nesting of a file; the grammar needs 8 */
        CONF_NODES_MAX = 1 << 19, /* nodes of a file */
        CONF_ANCHORS_MAX = 1000,  /* anchors of a file: libyaml searches them one by one */
        /* nodes read in all, aliases followed: so many, and so many more for each node */
        CONF_VISITS_FREE = 1 << 18,
        CONF_VISITS_PER_NODE = 64,
        CONF_ERRORS_MAX = 100, /* errors that are told; the rest is counted */
        CONF_KEYS_MAX = 32,    /* rows of a table */
        CONF_FORMS_MAX = 16,   /* forms of form.h */
};

struct conf;
struct key;

/* How values of a kind are wrapped: for the manual and the schema. */
enum shape { SHAPE_ONE, SHAPE_LIST, SHAPE_ONE_OR_LIST, SHAPE_TABLE, SHAPE_TABLES };

/*
 * Reads `node` into the field of `base` that `key` names. False when something was wrong with it
 * and has been told; the field is then empty, but can be freed.
 */
typedef bool conf_parser(struct conf *conf, const yaml_node_t *node, const struct key *key,
                         void *base);

struct kind {
        conf_parser *parse;
        enum shape shape;
        const char *says;   /* what one value is: "duration" */
        const char *schema; /* JSON Schema of one value; the row's form, words and limits join it */
};

/* Text of a fixed form. The pattern is POSIX extended and ECMA at once: the schema shows it. */
struct form {
        const char *name;                /* "region" */
        const char *says;                /* "a region such as eu-west-1" */
        const char *pattern;             /* of the whole text */
        size_t max;                      /* characters */
        char *(*hint)(const char *text); /* what was probably meant, or NULL; caller frees */
};

/* A word of an enum. The last row has no name. */
struct word {
        const char *name;
        unsigned int value;
        const char *refused; /* why this version does not take it; NULL: it does */
};

/* The last row has no name. */
struct key {
        const char *name;
        const struct kind *kind;
        size_t offset, count; /* of the field, and of the number of its elements for a list */
        const char *help;
        const char *fallback; /* what a missing key means, read by the same parser */
        const struct key *sub;
        const struct word *words;
        const struct form *form;
        unsigned int min, max; /* of a number, or the longest list */
        bool required;
        bool may_be_empty;   /* `key:` without a value is the same as no key */
        const char *refused; /* why the key is known but not taken */
};

#define KEY(name_, what, type, member, ...)                                                        \
        {                                                                                          \
                .name = (name_), .kind = &kind_##what, .offset = offsetof(type, member),           \
                __VA_ARGS__                                                                        \
        }
/* A list, the number of its elements in n_MEMBER. */
#define KEY_LIST(name_, what, type, member, ...)                                                   \
        {                                                                                          \
                .name = (name_), .kind = &kind_##what, .offset = offsetof(type, member),           \
                .count = offsetof(type, n_##member), __VA_ARGS__                                   \
        }
/* A table whose rows fill the same struct. */
#define KEY_TABLE(name_, what, sub_, ...)                                                          \
        {                                                                                          \
                .name = (name_), .kind = &kind_##what, .sub = (sub_), __VA_ARGS__                  \
        }
#define KEY_REFUSED(name_, why)                                                                    \
        {                                                                                          \
                .name = (name_), .refused = (why)                                                  \
        }

struct conf_file {
        char *name;
        bool in_conf_d;
        bool loaded; /* `document` is to be freed */
        yaml_document_t document;
};

/* Where something stands. `file` counts conf.files; line and column from 1, line 0: the whole file.
 */
struct position {
        size_t file, line, column;
};

struct conf_message {
        struct position position;
        bool warning;
        size_t order;
        char *text;
};

/* A map of defaults, and the file it stands in. */
struct layer {
        size_t file;
        const yaml_node_t *node; /* NULL: none */
};

/* A schedule or account on its way into the settings. */
struct draft_schedule {
        struct setting_schedule schedule;
        struct layer own;
        struct position position; /* of its name */
        bool broken; /* not all of it could be read: checks that need all of it are left out */
};
struct draft_account {
        struct setting_account account;
        struct position position;
};

struct conf {
        struct conf_file *files;
        size_t n_files;
        size_t file; /* the one whose nodes are read */
        struct conf_message *messages;
        size_t n_messages, n_errors;
        unsigned int quiet; /* > 0: values were read before, their mistakes are told already */
        size_t visits, visits_max;
        regex_t forms[CONF_FORMS_MAX];
        const struct form *form_of[CONF_FORMS_MAX];
        size_t n_forms;
        struct zone **zones;
        size_t n_zones;
        char *owner;
        unsigned int api_share;
        struct layer defaults;
        struct draft_schedule *schedules;
        size_t n_schedules;
        struct draft_account *accounts;
        size_t n_accounts;
};

#define conf_field(type, base, key) ((type *)(void *)((char *)(base) + (key)->offset))
#define conf_count_field(base, key) ((size_t *)(void *)((char *)(base) + (key)->count))

/* ---- message.c ---- */
struct position conf_position(const struct conf *conf, const yaml_node_t *node);
/* Always false, so that a parser can return it. */
bool conf_error(struct conf *conf, const yaml_node_t *node, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
bool conf_error_at(struct conf *conf, struct position position, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void conf_warn_at(struct conf *conf, struct position position, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* Prints what was collected, in the order of files, lines and columns. */
void conf_print_messages(struct conf *conf, struct text *text);
/* `text` for a message, which is cleaned as a whole: in quotes, cut at 60 bytes. Caller frees. */
char *conf_quote(const char *text);

/* ---- document.c ---- */
/* Adds a file; what is wrong with it becomes messages. False when it could not be read as YAML. */
bool conf_load_data(struct conf *conf, const char *name, bool in_conf_d, const char *data,
                    size_t size);
/* ---- file.c ---- */
/* The same from disk. 0, or the negative errno of reading, or -EINVAL for its content. */
int conf_load_file(struct conf *conf, const char *path, bool in_conf_d);
/* All of conf.d/ beside `path`. */
int conf_load_directory(struct conf *conf, const char *path);
/* The root of file number `file`, or NULL when it is empty. */
const yaml_node_t *conf_root(struct conf *conf, size_t file);
void conf_done(struct conf *conf);

/* ---- conf.c ---- */
/* Child nodes by index; counts visits. NULL once there were too many. */
const yaml_node_t *conf_node(struct conf *conf, int index);
/* Calls back for every pair of a mapping, which goes on after a bad one. False when one was bad.
 * `key` and `base` are handed on. */
typedef bool conf_pair_fn(struct conf *conf, const yaml_node_t *name, const yaml_node_t *value,
                          const struct key *key, void *base);
bool conf_each_pair(struct conf *conf, const yaml_node_t *node, conf_pair_fn *callback,
                    const struct key *key, void *base);
/* Reads a map along `table`, taking what it lacks from `defaults` (may be NULL), then from the
 * rows' fallbacks. `node` may be NULL: then everything is missing. */
bool conf_read_table(struct conf *conf, const yaml_node_t *node, const struct key *table,
                     void *base, const struct layer *defaults);
/* Reads the map of defaults for its mistakes alone: nothing is required and nothing filled in. */
bool conf_check_defaults(struct conf *conf, const yaml_node_t *node, const struct key *table,
                         void *base);
bool conf_expect_map(struct conf *conf, const yaml_node_t *node, const struct key *key);
/* Whether the node is `~`, `null` or nothing at all. */
bool conf_is_null(const yaml_node_t *node);
/* The position of `name` in the map `node`, or of the map itself; for messages about it. */
struct position conf_position_of(struct conf *conf, const struct layer *layer, const char *name,
                                 struct position otherwise);

/* ---- form.c, scalar.c, list.c, when.c, tags.c, image.c, tables.c: the kinds ---- */
/* The text of a scalar that is neither empty nor null nor unprintable; else NULL, and told. */
const char *conf_scalar(struct conf *conf, const yaml_node_t *node, const struct key *key);
bool conf_check_form(struct conf *conf, const yaml_node_t *node, const struct form *form,
                     const char *text);
/* The value of the word at `node`. */
bool conf_find_word(struct conf *conf, const yaml_node_t *node, const struct key *key,
                    unsigned int *ret);
/* Characters of UTF-8 text. */
size_t conf_length(const char *text);

extern const struct kind kind_version, kind_text, kind_formed, kind_boolean, kind_number,
        kind_duration, kind_word, kind_table;
extern const struct kind kind_list, kind_one_or_list, kind_regions, kind_words, kind_scripts;
extern const struct kind kind_group_by, kind_name_template, kind_text_template;
extern const struct kind kind_timezone, kind_expression, kind_instant;
extern const struct kind kind_tags, kind_tag_match;
extern const struct kind kind_targets, kind_retain, kind_freeze, kind_accounts, kind_defaults,
        kind_schedules;
extern const struct form form_name, form_region, form_instance, form_device, form_url, form_profile,
        form_regions, form_role, form_external_id, form_session, form_account;

/* ---- tables.c ---- */
extern const struct key root_keys[], conf_d_keys[], schedule_keys[], account_keys[];

/* ---- check.c, clash.c: what no single value shows ---- */
void conf_check_accounts(struct conf *conf);
void conf_check_schedules(struct conf *conf);
/* No two schedules may be able to give an image the same name. `schedules` is sorted by name. */
void conf_check_clashes(struct conf *conf);

/* ---- settings.c ---- */
void setting_account_done(struct setting_account *account);
void setting_schedule_done(struct setting_schedule *schedule);
