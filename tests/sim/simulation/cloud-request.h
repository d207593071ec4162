/*
 * A request as those see it who watch the cloud, and what can be read from it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A request the model has answered. */
struct cloud_request {
        const char *action, *region;
        bool by_role; /* signed with the keys of a role */
        const char *body;
        bool succeeded;
        bool heard;         /* the answer gets to where it was asked for */
        const char *answer; /* body of the reply */
        size_t answer_size;
};

/* The value of a parameter of a request's body, decoded; NULL when it has none. Caller frees. */
char *request_parameter(const char *body, const char *name);
/* The text of the first element of that name; NULL when there is none. Caller frees. */
char *answer_element(const struct cloud_request *request, const char *name);
/* The same of a JSON answer: a text at its top. Caller frees. */
char *answer_member(const struct cloud_request *request, const char *name);
