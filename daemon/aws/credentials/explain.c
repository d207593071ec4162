/* Decodes the message of an UnauthorizedOperation with sts:DecodeAuthorizationMessage. */
#include "aws/credentials/explain.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "aws/credentials/document.h"
#include "aws/request/call.h"
#include "base/alloc.h"
#include "base/text.h"

struct decode {
        const char *message;
};
struct decoded {
        char *message;
};
static const struct field decode_in_fields[] = {
        FIELD("EncodedMessage", AS_TEXT, struct decode, message),
        {},
};
static const struct field decode_out_fields[] = {
        FIELD("DecodeAuthorizationMessageResult/DecodedMessage", AS_TEXT, struct decoded, message),
        {},
};
static const struct shape decode_in = { sizeof(struct decode), decode_in_fields };
static const struct shape decode_out = { sizeof(struct decoded), decode_out_fields };

const struct action sts_decode_authorization_message = {
        .name = "DecodeAuthorizationMessage",
        .service = &service_sts,
        .bucket = { 10, 10 },
        .input = &decode_in,
        .output = &decode_out,
        .repeatable = true,
};

/* ---- the decoded document ---- */

const char *explain_encoded(const char *message)
{
        static const char before[] = "Encoded authorization failure message: ";
        const char *encoded = message ? strstr(message, before) : NULL;

        if (!encoded || strstr(message, "not authorized to perform: "))
                return NULL;
        return encoded + strlen(before);
}

static const char *text_at(const cJSON *object, const char *key)
{
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

        return text && *text && is_printable_utf8(text) ? text : NULL;
}

char *explain_text(const char *json, size_t size)
{
        cJSON *document = document_read(json, size);
        const cJSON *context = cJSON_GetObjectItemCaseSensitive(document, "context");
        const cJSON *principal = cJSON_GetObjectItemCaseSensitive(context, "principal");
        const cJSON *deny = cJSON_GetObjectItemCaseSensitive(document, "explicitDeny");
        const char *who = text_at(principal, "arn"), *action = text_at(context, "action");
        const char *resource = text_at(context, "resource");
        char *text = NULL;

        if (action)
                text = xasprintf("User: %s is not authorized to perform: %s%s%s%s",
                                 who ? who : "it", action, resource ? " on resource: " : "",
                                 resource ? resource : "",
                                 cJSON_IsTrue(deny) ? " with an explicit deny" : "");
        cJSON_Delete(document);
        return text;
}

/* ---- the request ---- */

struct explain {
        struct service_endpoint *endpoint;
        struct aws_slot *slot;
        bool *denied;
        signer_text_fn *done;
        void *userdata;
};

struct explain *explain_free(struct explain *explain)
{
        if (!explain)
                return NULL;
        aws_slot_free(explain->slot);
        service_endpoint_free(explain->endpoint);
        free(explain);
        return NULL;
}

static void on_decoded(const struct aws_reply *reply, void *userdata)
{
        struct explain *explain = userdata;
        const struct decoded *decoded = reply->output;
        _cleanup_free_ char *text = NULL;

        if (reply->outcome == AWS_OK && decoded->message)
                text = explain_text(decoded->message, strlen(decoded->message));
        *explain->denied |= !text;
        explain->done(text, explain->userdata);
}

struct explain *explain_new(const struct sts_options *options, const char *encoded, bool *denied,
                            signer_text_fn *done, void *userdata)
{
        struct explain *explain = xnew(struct explain);

        explain->endpoint =
                service_endpoint_new(options->tools->loop, &service_sts, options->region,
                                     options->endpoint_url, options->profile, 100);
        explain->denied = denied;
        explain->done = done;
        explain->userdata = userdata;
        explain->slot = call_new(
                &(struct call_options){
                        .tools = options->tools,
                        .endpoint = explain->endpoint,
                        .action = &sts_decode_authorization_message,
                        .input = &(struct decode){ encoded },
                        .credentials = options->credentials,
                },
                on_decoded, explain);
        return explain;
}
