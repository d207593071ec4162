/*
 * Where credentials may come from, as a table: tried in order, the first that has some wins. A
 * source that is set up but broken ends the search, rather than that something else is used in
 * silence.
 */
#pragma once

#include "aws/credentials.h"
#include "aws/profile.h"

enum source_outcome {
        SOURCE_FOUND,
        SOURCE_NOTHING,  /* the next one may have some */
        SOURCE_BROKEN,   /* set up, but of no use */
        SOURCE_ASK_IMDS, /* only the instance metadata service can tell */
};

struct source {
        const char *name;
        /* `profile` NULL: none was named in the settings. Gives the credentials, or why there are
         * none (caller frees). Reads files and the environment anew each time. */
        enum source_outcome (*look)(const char *profile, struct credentials **ret, char **ret_why);
};
extern const struct source sources[];
extern const size_t n_sources;

/* One function per source. */
enum source_outcome source_environment(const char *profile, struct credentials **ret,
                                       char **ret_why);
enum source_outcome source_service_manager(const char *profile, struct credentials **ret,
                                           char **ret_why);
enum source_outcome source_shared_files(const char *profile, struct credentials **ret,
                                        char **ret_why);
enum source_outcome source_instance(const char *profile, struct credentials **ret, char **ret_why);

/* The profile of the settings, else $AWS_PROFILE, else "default". */
const char *source_profile_name(const char *profile);
/* An environment variable, NULL when it is empty. */
const char *source_variable(const char *name);
/* Adds what both shared files say. 0 or negative errno with *ret_error. */
int source_read_shared_files(const char *profile, struct profile *ret, char **ret_error);
