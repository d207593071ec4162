/*
 * Where credentials may come from, as a table: tried in order, the first that has some wins. A
 * source that is set up but broken ends the search, rather than that something else is used in
 * silence. The order is that of botocore.
 */
#pragma once

#include "aws/credentials/search.h"
#include "aws/request/credentials.h"

enum source_outcome {
        SOURCE_FOUND,
        SOURCE_NOTHING, /* the next one may have some */
        SOURCE_BROKEN,  /* set up, but of no use */
        SOURCE_ASKED,   /* the answer comes to search_take() */
};

struct source {
        const char *name;
        unsigned int searches; /* bits of enum search_kind: which searches it takes part in */
        bool optional;         /* when it was asked and has none, the next one may have some */
        /* Gives the credentials, or why there are none (caller frees). */
        enum source_outcome (*look)(struct search *search, struct credentials **ret,
                                    char **ret_why);
};
extern const struct source sources[]; /* ends with an empty row */

/* One function per source, in the files they are about. */
typedef enum source_outcome source_fn(struct search *search, struct credentials **ret,
                                      char **ret_why);
source_fn source_environment, source_role, source_web_identity, source_sso, source_credentials_file,
        source_process, source_config_file, source_service_manager, source_container,
        source_instance;
