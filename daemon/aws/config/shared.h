/*
 * The shared files of all AWS tools, ~/.aws/credentials and ~/.aws/config, as one table of values.
 * Pure but for reading the files.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum shared_file {
        SHARED_CREDENTIALS, /* sections are called [name] */
        SHARED_CONFIG,      /* [default], [profile name], [sso-session name], [services name] */
        SHARED_MERGED,      /* both: what the credentials file says about a profile goes first */
};

struct shared {
        struct shared_value {
                enum shared_file file;
                enum shared_kind { SHARED_PROFILE, SHARED_SESSION, SHARED_SERVICES } kind;
                char *name; /* of the profile, session or set of services */
                char *key;  /* lower-case; NULL: the row only tells that there is such a section */
                char *sub;  /* of a nested map, or NULL */
                char *value;
        } * values;
        size_t n_values;
        char *where; /* which files these are, for messages */
};
/* Wipes the values. */
void shared_done(struct shared *shared);

/* Adds what `text` (changed and wiped) says. 0, or -EINVAL with the line that cannot be read. */
int shared_parse(struct shared *shared, enum shared_file file, char *text, size_t size,
                 unsigned int *ret_line);
/* The same from a file. A missing file is an empty one. Negative errno with *ret_error (caller
 * frees) when it cannot be read. */
int shared_read_file(struct shared *shared, enum shared_file file, const char *path,
                     char **ret_error);
/* Both files, where $AWS_SHARED_CREDENTIALS_FILE and $AWS_CONFIG_FILE say or below $HOME. */
int shared_read(struct shared *shared, char **ret_error);

bool shared_has_profile(const struct shared *shared, enum shared_file file, const char *name);
/* The value of a key, NULL when it is missing or empty. */
const char *shared_profile(const struct shared *shared, enum shared_file file, const char *name,
                           const char *key);
const char *shared_session(const struct shared *shared, const char *name, const char *key);
bool shared_has_session(const struct shared *shared, const char *name);
bool shared_has_services(const struct shared *shared, const char *name);
/* `key` of a service ("ec2") in the section [services name]. */
const char *shared_service(const struct shared *shared, const char *name, const char *service,
                           const char *key);
