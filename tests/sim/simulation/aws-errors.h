/*
 * The error codes that AWS documents, by service and action, and the answers that are not AWS's.
 *
 * The tables say what AWS and proxies can answer. They know nothing of what the daemon handles, and
 * no row goes because the daemon has no use for it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct aws_error {
        unsigned int service; /* enum sim_service_id */
        const char *code;
        int status;
        const char *actions; /* "CreateImage CopyImage"; NULL: every action of the service */
        const char *message;
        bool may_have_acted; /* the request may have been carried out all the same */
};
extern const struct aws_error aws_errors[];
extern const size_t n_aws_errors;

/* An answer of a proxy, a load balancer, a captive portal, or of half a server. */
struct foreign_answer {
        int status;
        const char *content_type; /* NULL: no header */
        const char *body;
};
extern const struct foreign_answer foreign_answers[];
extern const size_t n_foreign_answers;

/* Replies to AssumeRole in which a part of the keys is missing. */
extern const struct foreign_answer keyless_answers[];
extern const size_t n_keyless_answers;

/* The actions of AWS that the daemon calls; "AssumeRole" where its account has a role. */
extern const char *const asked_actions[];
extern const size_t n_asked_actions;

/* Whether AWS can answer that action with this error. */
bool aws_error_fits(const struct aws_error *error, const char *action);
