/* Decodes JSON replies along the element tree of a shape. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "aws/request/shape-tree.h"
#include "aws/request/shape-value.h"
#include "aws/request/shape.h"
#include "base/alloc.h"

/* JSON services have three names for the code, and two for the message. */
static const struct field reply_fields[] = {
        FIELD("__type", AS_TEXT, struct shape_decoded, code),
        FIELD("code", AS_TEXT, struct shape_decoded, code),
        FIELD("Code", AS_TEXT, struct shape_decoded, code),
        FIELD("message", AS_WORDS, struct shape_decoded, message),
        FIELD("Message", AS_WORDS, struct shape_decoded, message),
        {}
};
static const struct shape reply_shape = { sizeof(struct shape_decoded), reply_fields };

struct decoder {
        struct shape_decoded *reply;
        size_t rows;
        char *error;
};

static void store(struct decoder *decoder, const struct shape_node *node, const cJSON *item,
                  void *object)
{
        const struct field *field = node->field;
        enum { ROOM = 32 };
        char number[ROOM];

        if (node->about_reply)
                object = decoder->reply;
        /* The first of several errors counts. */
        if (node->about_reply && *(char **)(void *)((char *)object + field->offset))
                return;
        if (cJSON_IsString(item)) {
                if (strlen(item->valuestring) > REPLY_TEXT_MAX)
                        decoder->error =
                                xasprintf("a text of more than %d characters", REPLY_TEXT_MAX);
                else
                        shape_store(field, object, item->valuestring);
        } else if (cJSON_IsBool(item)) {
                shape_store(field, object, cJSON_IsTrue(item) ? "true" : "false");
        } else if (cJSON_IsNumber(item) && field->type == AS_TIME) {
                /* Seconds since 1970 with a fraction. Doubles beyond 2^53 are not exact. */
                if (fabs(item->valuedouble) < 9007199254740992.0)
                        *(sec_t *)(void *)((char *)object + field->offset) =
                                (sec_t)floor(item->valuedouble);
        } else if (cJSON_IsNumber(item)) {
                snprintf(number, sizeof(number), "%.17g", item->valuedouble);
                shape_store(field, object, number);
        }
}

static void take(struct decoder *decoder, struct shape_node *node, const cJSON *item, void *object);

static void take_members(struct decoder *decoder, const struct shape_node *node, const cJSON *item,
                         void *object)
{
        const cJSON *member;

        cJSON_ArrayForEach (member, item) {
                struct shape_node *child = shape_tree_find(node, member->string);

                if (child)
                        take(decoder, child, member, object);
        }
}

/* Stores a value at a path of the table. An array counts like repeated elements in XML. */
static void take(struct decoder *decoder, struct shape_node *node, const cJSON *item, void *object)
{
        const struct field *field = node->field;
        bool list = field && (field->type == AS_ROWS || field->type == AS_TEXTS);
        const cJSON *element;

        if (decoder->error || cJSON_IsNull(item))
                return;
        node->seen = node->seen || cJSON_IsArray(item) || cJSON_IsObject(item);
        if (cJSON_IsArray(item)) {
                cJSON_ArrayForEach (element, item)
                        if (!cJSON_IsArray(element))
                                take(decoder, node, element, object);
                return;
        }
        if (list && ++decoder->rows > REPLY_ROWS_MAX) {
                decoder->error = xasprintf("more than %d rows", REPLY_ROWS_MAX);
                return;
        }
        if (cJSON_IsObject(item)) {
                if (field && field->type == AS_ROWS)
                        object = shape_append_row(field, object);
                take_members(decoder, node, item, object);
        } else if (field && field->type != AS_ROWS) {
                store(decoder, node, item, object);
        }
}

static cJSON *parse(const struct shape_source *source, char **ret_error)
{
        const char *end = NULL;
        cJSON *document = NULL;

        if (source->size > REPLY_JSON_MAX) {
                *ret_error = xasprintf("more than %d bytes of JSON", REPLY_JSON_MAX);
                return NULL;
        }
        document = cJSON_ParseWithLengthOpts(source->text, source->size, &end, false);
        while (document && end < source->text + source->size && *end && strchr(" \t\r\n", *end))
                end++;
        if (document && cJSON_IsObject(document) && end == source->text + source->size)
                return document;
        *ret_error = xstrdup(!document                   ? "not JSON"
                             : !cJSON_IsObject(document) ? "JSON, but no object"
                                                         : "junk after the JSON object");
        cJSON_Delete(document);
        return NULL;
}

/* "com.amazon.coral#ThrottlingException:http://internal/" is ThrottlingException:
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization */
char *shape_error_code(const char *text)
{
        _cleanup_free_ char *code = xstrndup(text, strcspn(text, ":"));
        const char *hash = strrchr(code, '#'), *name = hash ? hash + 1 : code;

        return *name ? xstrdup(name) : NULL;
}

int shape_decode_json(const struct shape *shape, void *object, const struct shape_source *source,
                      struct shape_decoded *ret, char **ret_error)
{
        const struct field next[] = {
                FIELD(source->next, AS_TEXT, struct shape_decoded, next_token),
                {},
        };
        cJSON *document = parse(source, ret_error);
        _cleanup_free_ char *page = xcalloc(1, shape ? shape->size : 1);
        struct shape_decoded reply = {};
        struct decoder decoder = { .reply = &reply };
        _cleanup_free_ char *named = NULL;
        struct shape_node *tree;

        if (!document)
                return -EBADMSG;
        /* Without a shape the document is an error. */
        tree = shape ? shape_tree_new(shape, &(struct shape){ sizeof(reply), next })
                     : shape_tree_new(NULL, &reply_shape);
        take_members(&decoder, tree, document, page);
        if (!decoder.error)
                (void)shape_check(tree, shape, page, &decoder.error);
        shape_tree_free(tree);
        cJSON_Delete(document);
        if (decoder.error) {
                if (shape)
                        shape_done(shape, page);
                shape_decoded_done(&reply);
                *ret_error = decoder.error;
                return -EBADMSG;
        }
        if (shape)
                shape_move(shape, object, page);
        named = steal(reply.code);
        reply.code = named ? shape_error_code(named) : NULL;
        if (reply.next_token && !*reply.next_token)
                xreplace(&reply.next_token, NULL);
        reply.rows = decoder.rows;
        *ret = reply;
        return 0;
}
