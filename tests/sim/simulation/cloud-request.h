/* A request of the daemon and the model's reply, for the checker. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A request that the model carries out or has answered. */
struct cloud_request {
        const char *action, *region;
        bool by_role; /* signed with the keys of a role */
        const char *body;
        bool succeeded;
        bool heard;         /* the reply reaches the daemon as it is */
        const char *answer; /* body of the reply */
        size_t answer_size;
};

/* The value of a parameter of a request's body, decoded; NULL: it has none. Caller frees. */
char *request_parameter(const char *body, const char *name);
/* The text of the first element of that name; NULL: there is none. Caller frees. */
char *answer_element(const struct cloud_request *request, const char *name);
/* The text of that member of a JSON reply; NULL: there is none. Caller frees. */
char *answer_member(const struct cloud_request *request, const char *name);
