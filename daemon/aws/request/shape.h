/*
 * Shapes: how a C struct stands on the wire, as a table. The same tables encode query parameters
 * and JSON documents, and decode replies in XML and JSON; a new field is one row.
 *
 *     static const struct field tag_fields[] = {
 *             FIELD("key", AS_TEXT, struct ec2_tag, key),
 *             FIELD("value", AS_TEXT, struct ec2_tag, value),
 *             {}
 *     };
 *
 * Rows (AS_ROWS, AS_TEXTS) are two members: a pointer and, right behind it, a size_t count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "base/time.h"

enum field_type {
        AS_TEXT,   /* char * */
        AS_WORDS,  /* char *, of output only: text for people, cleaned (base/clean.h) */
        AS_FLAG,   /* bool */
        AS_COUNT,  /* unsigned int; in input 0 is left out */
        AS_NUMBER, /* int, for what may be below 0; in input 0 is left out */
        AS_TIME,   /* sec_t; an absent one stays 0. In JSON seconds since 1970, or RFC 3339 */
        AS_ENUM,   /* int: place in `names`; an unknown word is the place behind the last name */
        AS_TEXTS,  /* char **, size_t */
        AS_ROWS,   /* struct *, size_t; of `shape` */
};

struct shape;

struct field {
        const char *name; /* output: element path below the row ("ebs/snapshotId", "tagSet/item");
                           * input: parameter name ("NoReboot"; lists get ".1", ".2", ...).
                           * In JSON both are paths of keys, and a list is an array at its path */
        enum field_type type;
        size_t offset;
        const char *const *names;  /* AS_ENUM: NULL-terminated */
        const struct shape *shape; /* AS_ROWS */
        bool required;             /* AS_TEXT or AS_TIME: no reply, or row, of AWS is without */
};

struct shape {
        size_t size;
        const struct field *fields; /* ends with an empty row */
};

#define FIELD(wire, kind, row, member)                                                             \
        {                                                                                          \
                .name = (wire), .type = (kind), .offset = offsetof(row, member)                    \
        }
#define FIELD_REQUIRED(wire, kind, row, member)                                                    \
        {                                                                                          \
                .name = (wire), .type = (kind), .offset = offsetof(row, member), .required = true  \
        }
#define FIELD_ENUM(wire, row, member, words)                                                       \
        {                                                                                          \
                .name = (wire), .type = AS_ENUM, .offset = offsetof(row, member), .names = (words) \
        }
#define FIELD_ROWS(wire, row, member, rows)                                                        \
        {                                                                                          \
                .name = (wire), .type = AS_ROWS, .offset = offsetof(row, member), .shape = (rows)  \
        }

/* SHAPE(name, struct row, FIELD(...), ...): a table and the shape made of it. */
#define SHAPE(name, row, ...)                                                                      \
        static const struct field name##_fields[] = { __VA_ARGS__, {} };                           \
        static const struct shape name = { sizeof(row), name##_fields }

/* Appends "&Name=value" for every member that is set (text not NULL, flag true, rows not empty). */
void shape_encode(const struct shape *shape, const void *object, struct text *query);
/* Adds the same members to a JSON object. */
struct cJSON;
void shape_encode_json(const struct shape *shape, const void *object, struct cJSON *document);
/* Whether the AS_TEXTS member called `name` has any. */
bool shape_lists(const struct shape *shape, const void *object, const char *name);

/* Limits of one reply. A fuzzer has to reach each of them with a small input. */
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum {
        REPLY_DEPTH_MAX = 32,
        REPLY_ROWS_MAX = 100000,
        REPLY_TEXT_MAX = 1 << 20, /* characters of one element */
        REPLY_JSON_MAX = 4 << 20, /* bytes; cJSON needs up to 32 times as many */
};
#else
enum {
        REPLY_DEPTH_MAX = 12,
        REPLY_ROWS_MAX = 8,
        REPLY_TEXT_MAX = 64,
        REPLY_JSON_MAX = 2048,
};
#endif

/* A reply as it came. */
struct shape_source {
        const char *text; /* need not be terminated */
        size_t size;
        const char *next;   /* path of the token of the next page; NULL: there is one page */
        const char *action; /* XML: whose success it is to be; NULL: an error's, or any */
};

struct shape_decoded {
        char *next_token; /* NULL or never empty */
        char *request_id;
        char *code, *message; /* of an error reply */
        size_t rows;          /* rows and texts of lists that were appended */
};
void shape_decoded_done(struct shape_decoded *decoded);

/*
 * Decodes one EC2 (or query-protocol) XML reply and appends what it finds to `object`, so that
 * pages add up. Elements are matched by local name; unknown ones are ignored; a DOCTYPE is refused.
 * Returns 0, or -EBADMSG with the reason in *ret_error (caller frees) and `object` as it was: for
 * what is not well-formed, beyond the limits, the reply of another action, without a required
 * member, or without one of the lists (AS_ROWS) of `shape` itself: AWS sends an empty list as an
 * empty element, and what is not in a list may be believed gone. `shape` may be NULL when only
 * errors and the request id matter.
 */
int shape_decode(const struct shape *shape, void *object, const struct shape_source *source,
                 struct shape_decoded *ret, char **ret_error);
/* The same for a JSON object. */
int shape_decode_json(const struct shape *shape, void *object, const struct shape_source *source,
                      struct shape_decoded *ret, char **ret_error);

/* What JSON services call an error, in a document or a header, without its namespace and address.
 * NULL when there is none. Caller frees. */
char *shape_error_code(const char *text);

/* Frees what the members of `object` own, and zeroes it; not `object` itself. */
void shape_done(const struct shape *shape, void *object);
