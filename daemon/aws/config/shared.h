/*
 * The shared files of all AWS tools, ~/.aws/credentials and ~/.aws/config, as one table of values.
 * Pure but for shared_read() and shared_read_file().
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum shared_file {
        SHARED_CREDENTIALS, /* sections are called [name] */
        SHARED_CONFIG,      /* [default], [profile name], [sso-session name], [services name] */
        SHARED_MERGED,      /* both files: for a profile the credentials file wins */
};

struct shared {
        struct shared_value {
                enum shared_file file;
                enum shared_kind { SHARED_PROFILE, SHARED_SESSION, SHARED_SERVICES } kind;
                char *name; /* of the profile, session or set of services */
                char *key;  /* lower-case; NULL: the row stands for the section itself */
                char *sub;  /* of a nested map, or NULL */
                char *value;
        } * values;
        size_t n_values;
        char *where; /* paths of the files, for messages */
};
/* Wipes the values. */
void shared_done(struct shared *shared);

/* Adds the rows of `text`, which is changed and wiped. 0, or -EINVAL with the number of the line
 * that cannot be parsed. */
int shared_parse(struct shared *shared, enum shared_file file, char *text, size_t size,
                 unsigned int *ret_line);
/* Adds the rows of a file. A missing file counts as empty. 0, or a negative errno with *ret_error
 * (caller frees). */
int shared_read_file(struct shared *shared, enum shared_file file, const char *path,
                     char **ret_error);
/* Reads both files: $AWS_SHARED_CREDENTIALS_FILE and $AWS_CONFIG_FILE, else those in ~/.aws. */
int shared_read(struct shared *shared, char **ret_error);

bool shared_has_profile(const struct shared *shared, enum shared_file file, const char *name);
/* The value of a key, NULL when it is missing or empty. */
const char *shared_profile(const struct shared *shared, enum shared_file file, const char *name,
                           const char *key);
const char *shared_session(const struct shared *shared, const char *name, const char *key);
bool shared_has_session(const struct shared *shared, const char *name);
bool shared_has_services(const struct shared *shared, const char *name);
/* The value of `key` of a service ("ec2") in the section [services name], or NULL. */
const char *shared_service(const struct shared *shared, const char *name, const char *service,
                           const char *key);
