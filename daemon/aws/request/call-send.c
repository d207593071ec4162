/* Builds, signs and sends the request for a page. */
#include <string.h>

#include "aws/request/call-private.h"
#include "aws/request/sign.h"
#include "aws/request/wire.h"

/* Adds a header; signature headers follow after these. */
static void add_header(struct http_request *request, const char *name, const char *value)
{
        size_t n = 0;

        while (request->headers[n].name)
                n++;
        request->headers[n] = (struct http_header){ name, value };
}

static void sign_request(const struct aws_slot *slot, const struct http_request *request,
                         struct signature *ret)
{
        const struct endpoint *address = &slot->endpoint->address;
        const struct credentials *credentials = slot->credentials;
        struct http_header headers[HTTP_HEADERS_MAX] = { { "Host", address->host } };
        size_t n = 1;

        for (const struct http_header *header = request->headers; header->name; header++)
                headers[n++] = *header;
        sign(
                &(struct sign_request){
                        .method = request->method,
                        .target = address->target,
                        .headers = headers,
                        .n_headers = n,
                        .body = request->body,
                        .body_size = request->body_size,
                        .region = service_endpoint_signing_region(slot->endpoint),
                        .service = slot->endpoint->service->name,
                        .now = service_endpoint_now(slot->endpoint),
                },
                &(struct sign_keys){ credentials->access_key, credentials->secret,
                                     credentials->token },
                ret);
}

struct http_slot *call_send(const struct aws_slot *slot, http_done_fn *done, void *userdata)
{
        const char *token = slot->decoded.next_token;
        _cleanup_free_ char *page =
                token ? wire_encode_page(slot->action, slot->body, token) : NULL;
        _cleanup_free_ char *target = wire_target(slot->action);
        _cleanup_(signature_done) struct signature signature = {};
        const struct credentials *credentials = slot->credentials;
        struct http_request request = {
                .method = "POST",
                .url = slot->endpoint->address.url,
                .headers = { { "Content-Type", wire_content_type(slot->action) } },
                .body = page ? page : slot->body,
        };

        request.body_size = strlen(request.body);
        if (target)
                add_header(&request, "X-Amz-Target", target);
        if (credentials) {
                sign_request(slot, &request, &signature);
                add_header(&request, "X-Amz-Date", signature.date);
                add_header(&request, "Authorization", signature.authorization);
        }
        if (credentials && credentials->token)
                add_header(&request, "X-Amz-Security-Token", credentials->token);
        return http_send(slot->tools->http, &request, done, userdata);
}
