/*
 * Shapes: tables that map the members of a C struct to names on the wire. The same tables encode
 * query parameters and JSON documents, and decode replies in XML and JSON. A new field is one row.
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
        AS_WORDS,  /* char *, only in output: text for display, cleaned by base/clean.h */
        AS_FLAG,   /* bool */
        AS_COUNT,  /* unsigned int; in input 0 is left out */
        AS_NUMBER, /* int, may be negative; in input 0 is left out */
        AS_TIME,   /* sec_t; 0: absent. In JSON seconds since 1970, or RFC 3339 */
        AS_ENUM,   /* int: index in `names`; an unknown word gives the index after the last name */
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
        bool required;             /* AS_TEXT or AS_TIME: AWS always sends the member */
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

/* SHAPE(name, struct row, FIELD(...), ...) defines a table and its shape. */
#define SHAPE(name, row, ...)                                                                      \
        static const struct field name##_fields[] = { __VA_ARGS__, {} };                           \
        static const struct shape name = { sizeof(row), name##_fields }

/* Appends "&Name=value" for every member that is set (text not NULL, flag true, rows not empty). */
void shape_encode(const struct shape *shape, const void *object, struct text *query);
/* Adds the same members to a JSON object. */
struct cJSON;
void shape_encode_json(const struct shape *shape, const void *object, struct cJSON *document);
/* Whether the AS_TEXTS member with the wire name `name` has texts. */
bool shape_lists(const struct shape *shape, const void *object, const char *name);

/* Limits of a reply. They are lower for fuzzers, which have to reach each limit with a small input.
 */
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum {
        REPLY_DEPTH_MAX = 32,
        REPLY_ROWS_MAX = 100000,
        REPLY_TEXT_MAX = 1 << 20, /* characters of one element */
        REPLY_JSON_MAX = 4 << 20, /* bytes; cJSON needs memory of up to 32 times the size */
};
#else
enum {
        REPLY_DEPTH_MAX = 12,
        REPLY_ROWS_MAX = 8,
        REPLY_TEXT_MAX = 64,
        REPLY_JSON_MAX = 2048,
};
#endif

/* The text of a reply, and what is expected in it. */
struct shape_source {
        const char *text; /* need not be terminated */
        size_t size;
        const char *next;   /* path of the token for the next page; NULL: the action has no pages */
        const char *action; /* XML: the action of a success, checked against the root element; NULL:
                             * any root element, also that of an error */
};

struct shape_decoded {
        char *next_token; /* NULL or never empty */
        char *request_id;
        char *code, *message; /* of an error reply */
        size_t rows;          /* number of appended rows and texts */
};
void shape_decoded_done(struct shape_decoded *decoded);

/*
 * Decodes an XML reply of EC2 or of a query service into `object`; rows are appended, so that pages
 * add up. Elements are matched by local name; unknown elements are ignored. Returns 0; or -EBADMSG
 * with the reason in *ret_error (caller frees) and an unchanged `object` for a reply that
 *   - is not well-formed, has a DOCTYPE, or exceeds the limits,
 *   - is of another action,
 *   - lacks a required member,
 *   - lacks a list (AS_ROWS) of `shape` itself. AWS sends an empty list as an empty element; a
 * missing list, taken for an empty list, would make existing resources look gone. `shape` NULL:
 * only errors and the request id are read.
 */
int shape_decode(const struct shape *shape, void *object, const struct shape_source *source,
                 struct shape_decoded *ret, char **ret_error);
/* The same for a reply that is a JSON object. */
int shape_decode_json(const struct shape *shape, void *object, const struct shape_source *source,
                      struct shape_decoded *ret, char **ret_error);

/* The code in the error type of a JSON service ("NAMESPACE#CODE:URL"), which stands in the document
 * or in a header. NULL: there is no code. Caller frees. */
char *shape_error_code(const char *text);

/* Frees what the members of `object` own, and zeroes `object`. */
void shape_done(const struct shape *shape, void *object);
