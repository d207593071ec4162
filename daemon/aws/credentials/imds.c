/* Client of the instance metadata service: token, retries, queries. */
#include "aws/credentials/imds.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"

enum { STATUS_OK = 200, STATUS_UNAUTHORIZED = 401 };
enum { CONNECT_TIMEOUT = 1, REQUEST_TIMEOUT = 2, BACKOFF_MSEC = 200 }; /* s, s, ms */

struct imds {
        struct loop *loop;
        struct http *http;
        char *token; /* NULL before the first query */
};

struct imds_query {
        struct imds *imds;
        char *path;
        struct timer *timer; /* the next attempt */
        struct http_slot *slot;
        unsigned int attempts;
        bool token_renewed;
        imds_fn *done;
        void *userdata;
};

struct imds *imds_new(struct loop *loop, struct http *http)
{
        struct imds *imds = xnew(struct imds);

        imds->loop = loop;
        imds->http = http;
        return imds;
}

struct imds *imds_free(struct imds *imds)
{
        if (!imds)
                return NULL;
        free(imds->token);
        free(imds);
        return NULL;
}

static char *url_of(const char *path)
{
        const char *base = getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        const char *mode = getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
        size_t size;

        if (!base || !*base)
                base = mode && strcasecmp(mode, "IPv6") == 0 ? "http://[fd00:ec2::254]"
                                                             : "http://169.254.169.254";
        size = strlen(base);
        while (size && base[size - 1] == '/')
                size--;
        return xasprintf("%.*s/latest/%s", (int)size, base, path);
}

static bool is_disabled(void)
{
        const char *value = getenv("AWS_EC2_METADATA_DISABLED");

        return value && strcasecmp(value, "true") == 0;
}

/* Calls back. The callback may free the query: the caller must not use the query afterwards. */
static void finish(struct imds_query *query, const char *body, size_t size, const char *error)
{
        query->done(body, size, error, query->userdata);
}

static void fail(struct imds_query *query, char *error)
{
        finish(query, NULL, 0, error);
        free(error);
}

static void try_later(struct imds_query *query, char *error)
{
        query->slot = http_slot_free(query->slot);
        if (++query->attempts >= IMDS_ATTEMPTS_MAX) {
                fail(query, error);
                return;
        }
        free(error);
        timer_arm(query->timer, ((usec_t)BACKOFF_MSEC << query->attempts) * USEC_PER_MSEC);
}

static void send(struct imds_query *query, struct http_request *request, const char *path,
                 http_done_fn *done)
{
        _cleanup_free_ char *url = url_of(path);

        request->url = url;
        request->connect_timeout = CONNECT_TIMEOUT * USEC_PER_SEC;
        request->timeout = REQUEST_TIMEOUT * USEC_PER_SEC;
        request->no_proxy = true;
        http_slot_free(query->slot);
        query->slot = http_send(query->imds->http, request, done, query);
}

static void ask_token(struct imds_query *query);

static void on_body(const struct http_reply *reply, void *userdata)
{
        struct imds_query *query = userdata;

        if (reply->outcome != HTTP_ANSWERED) {
                try_later(query, xasprintf("%s", reply->error));
        } else if (reply->status == STATUS_UNAUTHORIZED && !query->token_renewed) {
                query->token_renewed = true;
                xreplace(&query->imds->token, NULL);
                ask_token(query);
        } else if (reply->status >= 500) {
                try_later(query, xasprintf("HTTP %d for %s", reply->status, query->path));
        } else if (reply->status != STATUS_OK) {
                fail(query, xasprintf("HTTP %d for %s", reply->status, query->path));
        } else if (reply->body_size > IMDS_BODY_MAX) {
                fail(query, xasprintf("%zu bytes for %s", reply->body_size, query->path));
        } else {
                finish(query, reply->body, reply->body_size, NULL);
        }
}

static void ask_body(struct imds_query *query)
{
        struct http_request request = {
                .method = "GET",
                .headers = { { "X-aws-ec2-metadata-token", query->imds->token } },
        };

        send(query, &request, query->path, on_body);
}

static void on_token(const struct http_reply *reply, void *userdata)
{
        struct imds_query *query = userdata;

        if (reply->outcome != HTTP_ANSWERED) {
                try_later(query, xasprintf("no session token: %s", reply->error));
        } else if (reply->status >= 500) {
                try_later(query, xasprintf("no session token: HTTP %d", reply->status));
        } else if (reply->status != STATUS_OK || reply->body_size == 0 ||
                   !is_printable_utf8(reply->body)) {
                fail(query, xasprintf("no session token: HTTP %d", reply->status));
        } else {
                xreplace(&query->imds->token, reply->body);
                ask_body(query);
        }
}

static void ask_token(struct imds_query *query)
{
        _cleanup_free_ char *seconds = xasprintf("%d", IMDS_TOKEN_SECONDS);
        struct http_request request = {
                .method = "PUT",
                .headers = { { "X-aws-ec2-metadata-token-ttl-seconds", seconds } },
        };

        send(query, &request, "api/token", on_token);
}

static void on_timer(void *userdata)
{
        struct imds_query *query = userdata;

        if (is_disabled())
                fail(query, xstrdup("switched off by $AWS_EC2_METADATA_DISABLED"));
        else if (query->imds->token)
                ask_body(query);
        else
                ask_token(query);
}

struct imds_query *imds_get(struct imds *imds, const char *path, imds_fn *done, void *userdata)
{
        struct imds_query *query = xnew(struct imds_query);

        query->imds = imds;
        query->path = xstrdup(path);
        query->done = done;
        query->userdata = userdata;
        query->timer = timer_new(imds->loop, on_timer, query);
        timer_arm(query->timer, 0);
        return query;
}

struct imds_query *imds_query_free(struct imds_query *query)
{
        if (!query)
                return NULL;
        timer_free(query->timer);
        http_slot_free(query->slot);
        free(query->path);
        free(query);
        return NULL;
}
