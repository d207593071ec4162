/* Protocols of AWS as a table of functions: encode requests, decode replies. */
#include "aws/request/wire.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define CODE_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* ---- forms ---- */

static char *encode_form(const struct action *action, const void *input, bool sized)
{
        _cleanup_(text_done) struct text form = {};

        text_printf(&form, "Action=%s&Version=%s", action->name, action->service->version);
        if (action->input)
                shape_encode(action->input, input, &form);
        if (sized)
                text_printf(&form, "&%s=%u", action->paging->size, action->page_size);
        return text_steal(&form);
}

static char *encode_form_page(const struct action *action, const char *body, const char *token)
{
        _cleanup_(text_done) struct text form = {};

        text_printf(&form, "%s&%s=", body, action->paging->token);
        text_percent_encode(&form, token, strlen(token), false);
        return text_steal(&form);
}

/* ---- JSON ---- */

static char *print_and_free(cJSON *document)
{
        char *body = cJSON_PrintUnformatted(document);

        if (!body)
                out_of_memory();
        cJSON_Delete(document);
        return body;
}

static char *encode_json(const struct action *action, const void *input, bool sized)
{
        cJSON *document = cJSON_CreateObject();

        if (!document)
                out_of_memory();
        if (action->input)
                shape_encode_json(action->input, input, document);
        if (sized && !cJSON_AddNumberToObject(document, action->paging->size, action->page_size))
                out_of_memory();
        return print_and_free(document);
}

static char *encode_json_page(const struct action *action, const char *body, const char *token)
{
        cJSON *document = cJSON_Parse(body);

        if (!document || !cJSON_AddStringToObject(document, action->paging->token, token))
                out_of_memory();
        return print_and_free(document);
}

/* ---- protocols ---- */

static const struct wire {
        const char *content_type;
        char *(*encode)(const struct action *action, const void *input, bool sized);
        char *(*encode_page)(const struct action *action, const char *body, const char *token);
        int (*decode)(const struct shape *shape, void *object, const struct shape_source *source,
                      struct shape_decoded *ret, char **ret_error);
        const char *empty; /* document that an empty body stands for, or NULL */
        /* Beginning of the Content-Type of AWS's replies, for a protocol whose bodies do not prove
         * that AWS wrote them; else NULL. */
        const char *type;
} wires[] = {
#define FORM                                                                                       \
        {                                                                                          \
                .content_type = "application/x-www-form-urlencoded; charset=utf-8",                \
                .encode = encode_form, .encode_page = encode_form_page, .decode = shape_decode,    \
        }
        [PROTOCOL_EC2] = FORM,
        [PROTOCOL_QUERY] = FORM,
        [PROTOCOL_JSON_1_1] = {
                .content_type = "application/x-amz-json-1.1",
                .encode = encode_json,
                .encode_page = encode_json_page,
                .decode = shape_decode_json,
                .empty = "{}",
                .type = "application/x-amz-json-",
        },
};

static const struct wire *wire_of(const struct action *action)
{
        return &wires[action->service->protocol];
}

const char *wire_content_type(const struct action *action)
{
        return wire_of(action)->content_type;
}

char *wire_target(const struct action *action)
{
        const char *target = action->service->target;

        return target ? xasprintf("%s.%s", target, action->name) : NULL;
}

char *wire_encode(const struct action *action, const void *input)
{
        /* EC2 refuses a page size beside explicit ids. */
        bool listed = action->ids && shape_lists(action->input, input, action->ids);

        return wire_of(action)->encode(action, input, action->paging && !listed);
}

char *wire_encode_page(const struct action *action, const char *body, const char *token)
{
        return wire_of(action)->encode_page(action, body, token);
}

/* JSON alone is no proof: a proxy can write JSON with any code. */
static bool is_of_aws(const struct wire *wire, const struct http_reply *reply)
{
        return !wire->type || reply->request_id || reply->error_type ||
               (reply->content_type && startswith(reply->content_type, wire->type));
}

/* Whether the text can be an error code, "InvalidAMIName.Duplicate", and not an HTTP status. */
static bool is_code(const char *code)
{
        enum { CODE_MAX = 128 };

        return code && isalpha((unsigned char)*code) && strlen(code) <= CODE_MAX &&
               code[strspn(code, CODE_CHARACTERS)] == '\0';
}

int wire_decode(const struct action *action, void *output, const struct http_reply *reply,
                struct shape_decoded *ret, char **ret_error)
{
        const struct wire *wire = wire_of(action);
        bool success = reply->status >= 200 && reply->status < 300;
        struct shape_source source = {
                .text = reply->body,
                .size = reply->body_size,
                .next = action->paging ? action->paging->next : NULL,
                .action = success ? action->name : NULL,
        };
        int r;

        if (!is_of_aws(wire, reply)) {
                *ret_error = xstrdup("neither a request id nor the content type of AWS");
                return -EBADMSG;
        }

        /* An empty body is complete when the action has no output, or a header has the error. */
        if (source.size == 0 && wire->empty && (success ? !action->output : !!reply->error_type)) {
                source.text = wire->empty;
                source.size = strlen(wire->empty);
        }
        r = wire->decode(success ? action->output : NULL, output, &source, ret, ret_error);
        if (r < 0)
                return r;
        if (!success && !ret->code && reply->error_type)
                ret->code = shape_error_code(reply->error_type);
        if (success || is_code(ret->code))
                return 0;
        shape_decoded_done(ret);
        *ret_error = xstrdup("an error without a code of AWS");
        return -EBADMSG;
}
