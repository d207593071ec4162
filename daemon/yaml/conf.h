/*
 * yaml/ reads YAML documents along key tables. A table has a row for each key: its kind, the field
 * of a struct that it fills, its limits, its default and its help. The same rows print the manual
 * and the JSON Schema, so that parser, manual and schema cannot differ. Every mistake becomes a
 * message with its position in a file, and the walk goes on: a user sees all mistakes of all files
 * at once.
 *
 * Files in reading order:
 *   conf.h      all types and functions of the folder
 *   message.c   errors and warnings, with their positions
 *   document.c  bytes to a document; refuses what would be dangerous to build
 *   file.c      documents on disk: a main file and conf.d beside it
 *   conf.c      the walk along a table; kind_table
 *   form.c      texts of a fixed form
 *   scalar.c    kinds of single values
 *   list.c      kinds of lists
 *   print.c     a table as part of a manual page
 *   schema.c    tables as a JSON Schema
 *
 * Non-goals: the folder has no keys, forms or defaults of a program. These are rows of its callers,
 * and so are kinds whose parsers need more than their own value. It writes no YAML, merges no maps,
 * and refuses tags and merge keys.
 *
 * A caller embeds struct conf in a struct of its own that its root table fills:
 *
 *      conf_init(&draft.conf, &grammar);
 *      conf_load_file(&draft.conf, path, false);
 *      conf_read_table(&draft.conf, conf_root(&draft.conf, 0), root_keys, &draft, NULL);
 *      conf_print_messages(&draft.conf, &text);
 *      conf_done(&draft.conf);
 */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yaml.h>

#include "base/text.h"

enum {
        CONF_DEPTH_MAX = 32,      /* levels of nesting in a file */
        CONF_NODES_MAX = 1 << 19, /* nodes of a file */
        CONF_ANCHORS_MAX = 1000,  /* anchors of a file: libyaml searches them one by one */
        /* The nodes that are read, aliases followed: FREE, and PER_NODE more for each node. */
        CONF_VISITS_FREE = 1 << 18,
        CONF_VISITS_PER_NODE = 64,
        CONF_ERRORS_MAX = 100, /* errors that are printed; further errors are only counted */
        CONF_KEYS_MAX = 32,    /* rows of a table */
        CONF_FORMS_MAX = 16,   /* forms that one struct conf compiles */
};

struct conf;
struct key;

/* How values of a kind are wrapped, for the manual and the schema: TABLE is a map along `sub` of
 * the row, TABLES a map from names of the row's form to such maps. */
enum shape { SHAPE_ONE, SHAPE_LIST, SHAPE_ONE_OR_LIST, SHAPE_TABLE, SHAPE_TABLES };

/*
 * Reads `node` into the field of `base` that `key` names. False when the value is wrong and an
 * error has been added; the field is then empty, but can be freed.
 */
typedef bool conf_parser(struct conf *conf, const yaml_node_t *node, const struct key *key,
                         void *base);

struct kind {
        conf_parser *parse;
        enum shape shape;
        const char *noun; /* name of a single value for the manual: "duration" */
        const char
                *schema; /* JSON Schema of a value; form, words and limits of the row are added */
};

/* Text of a fixed form. The pattern is POSIX extended and ECMA at once: the schema shows it. */
struct form {
        const char *name;                /* "region" */
        const char *noun;                /* "a region such as eu-west-1" */
        const char *pattern;             /* of the whole text */
        size_t max;                      /* characters */
        char *(*hint)(const char *text); /* the probable correction, or NULL; caller frees */
};

/* A word of an enum. The last row has no name. */
struct word {
        const char *name;
        unsigned int value;
        const char *refused; /* reason why the program refuses the word, or NULL */
};

/* A row of a key table. The last row has no name. */
struct key {
        const char *name;
        const struct kind *kind;
        size_t offset, count; /* of the field, and of the number of its elements for a list */
        const char
                *help; /* its first sentence is also the message when a required key is missing */
        const char *fallback; /* value of a missing key, read by the same parser */
        const struct key *sub;
        const struct word *words;
        const struct form
                *form;         /* of the text, of each text of a list, or of the names of TABLES */
        unsigned int min, max; /* of a number, or the longest list */
        bool required;
        bool may_be_empty;       /* `key:` without a value is the same as no key */
        bool entry_may_be_empty; /* TABLES: the same for each name */
        bool is_context;       /* parsers of later rows use the value, so a missing key is filled in
                                * also by conf_check_defaults() */
        bool sub_is_elsewhere; /* another row prints `sub` into the manual */
        const char *refused;   /* reason why the program refuses the key, or NULL */
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

/* Words for messages about a caller's documents. All texts are constants of the caller. */
struct grammar {
        const char *documents;        /* a plural: "settings" */
        const char *entries;          /* the main entries of a file, a plural: "schedules" */
        const char *manual;           /* "amid.yaml(5)" */
        const char *when_missing;     /* remedy for a file that does not exist */
        const char *when_denied;      /* remedy for a file that may not be read */
        const char *instead_of_merge; /* what to use instead of merge keys */
        size_t file_max;              /* bytes of a file */
};

struct conf_file {
        char *name;
        bool in_conf_d;
        bool loaded; /* `document` is to be freed */
        yaml_document_t document;
};

/* A source position. `file` counts conf.files; line and column begin at 1; line 0 is the whole
 * file. */
struct position {
        size_t file, line, column;
};

struct conf_message {
        struct position position;
        bool warning;
        size_t order;
        char *text;
};

/* A map of a document, and the file that the map is in. */
struct layer {
        size_t file;
        const yaml_node_t *node; /* NULL: none */
};

/* The keys of a table with errors: checks that need such a key are left out. A key that an unknown
 * key probably means counts as unread, too. */
struct unread {
        const struct key *table; /* NULL: nothing was read */
        uint32_t rows;           /* a bit for each row of the table */
};

struct conf {
        const struct grammar *grammar;
        struct conf_file *files;
        size_t n_files;
        size_t file; /* the file whose nodes are being read */
        struct conf_message *messages;
        size_t n_messages, n_errors;
        unsigned int
                quiet; /* > 0: the values were read before, so their errors are not added again */
        size_t visits, visits_max;
        regex_t forms[CONF_FORMS_MAX];
        const struct form *form_of[CONF_FORMS_MAX];
        size_t n_forms;
};

#define conf_field(type, base, key) ((type *)(void *)((char *)(base) + (key)->offset))
#define conf_count_field(base, key) ((size_t *)(void *)((char *)(base) + (key)->count))

/* ---- message.c ---- */
struct position conf_position(const struct conf *conf, const yaml_node_t *node);
/* Adds an error. Always false, so that a parser can return it. */
bool conf_error(struct conf *conf, const yaml_node_t *node, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
bool conf_error_at(struct conf *conf, struct position position, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void conf_warn_at(struct conf *conf, struct position position, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* Appends all messages to `text`, in the order of files, lines and columns, a line each. */
void conf_print_messages(struct conf *conf, struct text *text);
/* `text` in quotes for a message, cut at 60 bytes. It need not be clean: messages are cleaned.
 * Caller frees. */
char *conf_quote(const char *text);

/* ---- document.c ---- */
/* `grammar` must outlive `conf`. */
void conf_init(struct conf *conf, const struct grammar *grammar);
void conf_done(struct conf *conf);
/* Adds a file from memory. False with errors when the file cannot be read as YAML. */
bool conf_load_data(struct conf *conf, const char *name, bool in_conf_d, const char *data,
                    size_t size);
/* The root of file number `file`, or NULL when the file is empty. */
const yaml_node_t *conf_root(struct conf *conf, size_t file);

/* ---- file.c ---- */
/* Adds a file from disk. 0, the negative errno of reading, -EINVAL for the content, or -EPERM when
 * others than root and the caller may change the file (base/trust.h). */
int conf_load_file(struct conf *conf, const char *path, bool in_conf_d);
/* Adds every NAME.yaml of conf.d/ beside `path`, in the order of names. 0, or the first error. */
int conf_load_directory(struct conf *conf, const char *path);

/* ---- conf.c ---- */
/* The node of an index. Counts visits; NULL after too many. */
const yaml_node_t *conf_node(struct conf *conf, int index);
typedef bool conf_pair_fn(struct conf *conf, const yaml_node_t *name, const yaml_node_t *value,
                          const struct key *key, void *base);
/* Calls back for every pair of a mapping, also after an error. False: a callback returned false.
 * `key` and `base` are passed to the callback. */
bool conf_each_pair(struct conf *conf, const yaml_node_t *node, conf_pair_fn *callback,
                    const struct key *key, void *base);
/* Reads a map along `table` into `base`. A missing key is taken from `defaults` (may be NULL), then
 * from the fallback of its row. `node` may be NULL: then every key is missing. */
bool conf_read_table(struct conf *conf, const yaml_node_t *node, const struct key *table,
                     void *base, const struct layer *defaults);
/* The same; `ret` gets the keys with errors. */
bool conf_read_table_unread(struct conf *conf, const yaml_node_t *node, const struct key *table,
                            void *base, const struct layer *defaults, struct unread *ret);
/* Whether no key of the NULL-terminated list has errors. */
bool conf_were_read(const struct unread *unread, const char *const names[]);
#define CONF_WERE_READ(unread, ...)                                                                \
        conf_were_read(unread, (const char *const[]){ __VA_ARGS__, NULL })
/* Reads a map of defaults only for its errors: no key is required, and no missing key is filled in.
 */
bool conf_check_defaults(struct conf *conf, const yaml_node_t *node, const struct key *table,
                         void *base);
bool conf_expect_map(struct conf *conf, const yaml_node_t *node, const struct key *key);
/* Whether the node is `~`, `null` or empty. */
bool conf_is_null(const yaml_node_t *node);
/* The position of the value of key `name` in the map of `layer`; `otherwise` without such a key. */
struct position conf_position_of(struct conf *conf, const struct layer *layer, const char *name,
                                 struct position otherwise);
extern const struct kind kind_table;

/* ---- form.c ---- */
bool conf_check_form(struct conf *conf, const yaml_node_t *node, const struct form *form,
                     const char *text);
/* The number of characters of an UTF-8 text. */
size_t conf_length(const char *text);

/* ---- scalar.c ---- */
/* The text of a scalar. NULL with an error for an empty, null or unprintable scalar. */
const char *conf_scalar(struct conf *conf, const yaml_node_t *node, const struct key *key);
/* Whether a scalar has no quotes. For messages, which quote every text. */
bool conf_is_plain(const yaml_node_t *node);
/* The value of the word at `node`. */
bool conf_find_word(struct conf *conf, const yaml_node_t *node, const struct key *key,
                    unsigned int *ret);
extern const struct kind kind_text, kind_formed, kind_boolean, kind_number, kind_duration,
        kind_word;

/* ---- list.c ---- */
extern const struct kind kind_list, kind_one_or_list;
extern const struct kind kind_words; /* a set of words, as bits of an unsigned int */

/* ---- print.c ---- */
/* Appends `table` and the tables below it as nested lists of mdoc(7). */
void conf_print_manual(struct text *text, const struct key *table);

/* ---- schema.c ---- */
/* A table under $defs of the schema. The last row has no name. */
struct schema_definition {
        const char *name;
        const struct key *table;
};
struct schema {
        const char *title;
        const struct key *root;
        const struct schema_definition *definitions;
};
/* Appends a JSON Schema (draft 2020-12) of `schema->root`. */
void conf_print_schema(struct text *text, const struct schema *schema);
