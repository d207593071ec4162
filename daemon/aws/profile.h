/* One profile of the shared files. Pure but for reading a file. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"

enum profile_file {
        PROFILE_CREDENTIALS, /* sections are called [name] */
        PROFILE_CONFIG,      /* sections are called [default] and [profile name] */
};

struct profile {
        bool found; /* a section of that name was there, though perhaps empty */
        char *access_key, *secret, *token, *region;
        char *unsupported; /* a key that gets credentials in a way amid does not know */
};
void profile_done(struct profile *profile);

/*
 * Adds what `text` (changed and wiped) says about profile `name`. What an earlier file gave is
 * kept, keys as a whole. 0, or -EINVAL with the line that cannot be read.
 */
int profile_parse(char *text, size_t size, const char *name, enum profile_file kind,
                  struct profile *profile, unsigned int *ret_line);

/* The same from a file. A missing file is an empty one. Negative errno with *ret_error (caller
 * frees) when it cannot be read. */
int profile_read(const char *path, const char *name, enum profile_file kind,
                 struct profile *profile, char **ret_error);
