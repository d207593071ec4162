/* Decodes XML replies along the element tree of a shape. */
#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <string.h>

#include "aws/request/shape-tree.h"
#include "aws/request/shape-value.h"
#include "aws/request/shape.h"
#include "base/alloc.h"

/* The request id is requestId in replies of EC2, RequestID in its errors, and nested elsewhere. */
static const struct field reply_fields[] = {
        FIELD("requestId", AS_WORDS, struct shape_decoded, request_id),
        FIELD("RequestID", AS_WORDS, struct shape_decoded, request_id),
        FIELD("RequestId", AS_WORDS, struct shape_decoded, request_id),
        FIELD("ResponseMetadata/RequestId", AS_WORDS, struct shape_decoded, request_id),
        FIELD("Errors/Error/Code", AS_TEXT, struct shape_decoded, code),
        FIELD("Errors/Error/Message", AS_WORDS, struct shape_decoded, message),
        FIELD("Error/Code", AS_TEXT, struct shape_decoded, code),
        FIELD("Error/Message", AS_WORDS, struct shape_decoded, message),
        {}
};
static const struct shape reply_shape = { sizeof(struct shape_decoded), reply_fields };

/* An open element that the tree has. */
struct level {
        struct shape_node *node;
        void *object; /* the row with its members */
};

struct decoder {
        XML_Parser parser;
        const struct shape_source *source;
        struct shape_node *tree;
        void *object;
        struct shape_decoded *reply;
        struct level levels[REPLY_DEPTH_MAX];
        unsigned int depth;   /* open elements, in the tree or not */
        unsigned int unknown; /* innermost open elements that are not in the tree */
        bool collecting;      /* the text of the innermost element is stored */
        size_t rows;
        char *text;
        size_t text_size, text_room;
        char *error;
};

/* Ends the parsing. XML_StopParser() alone is not enough: expat still reports the end of an empty
 * element whose start handler stopped the parser, so the handlers are removed, too. */
static void refuse(struct decoder *decoder, char *error)
{
        XML_Parser parser = decoder->parser;

        decoder->error = error;
        XML_SetElementHandler(parser, NULL, NULL);
        XML_SetCharacterDataHandler(parser, NULL);
        XML_SetStartDoctypeDeclHandler(parser, NULL);
        XML_StopParser(parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
        const char *colon = strchr(name, ':');

        return colon ? colon + 1 : name;
}

static bool is_root(const struct shape_source *source, const char *name)
{
        const char *action = source->action;

        return action ? streq(startswith(name, action), "Response") : !!endswith(name, "Response");
}

static void start_root(struct decoder *decoder, const char *name)
{
        if (!is_root(decoder->source, name)) {
                refuse(decoder,
                       xasprintf("not a reply of AWS%s%s but <%.40s>",
                                 decoder->source->action ? " to " : "",
                                 decoder->source->action ? decoder->source->action : "", name));
                return;
        }
        decoder->levels[0] = (struct level){ decoder->tree, decoder->object };
        decoder->depth = 1;
}

static bool count_row(struct decoder *decoder)
{
        if (++decoder->rows <= REPLY_ROWS_MAX)
                return true;
        refuse(decoder, xasprintf("more than %d rows", REPLY_ROWS_MAX));
        return false;
}

static void enter(struct decoder *decoder, struct shape_node *node, void *object)
{
        const struct field *field = node->field;

        node->seen = true;
        decoder->collecting = field && field->type != AS_ROWS;
        decoder->text_size = 0;
        if (field && (field->type == AS_ROWS || field->type == AS_TEXTS) && !count_row(decoder))
                return;
        if (field && field->type == AS_ROWS)
                object = shape_append_row(field, object);
        decoder->levels[decoder->depth++] = (struct level){ node, object };
}

static void XMLCALL on_start(void *userdata, const char *qualified, const char **attributes)
{
        struct decoder *decoder = userdata;
        const char *name = local_name(qualified);
        const struct level *level;
        struct shape_node *node;

        (void)attributes;
        if (decoder->depth == REPLY_DEPTH_MAX) {
                refuse(decoder, xasprintf("elements nested deeper than %d", REPLY_DEPTH_MAX));
                return;
        }
        if (decoder->depth == 0) {
                start_root(decoder, name);
                return;
        }
        level = &decoder->levels[decoder->depth - 1];
        node = decoder->unknown ? NULL : shape_tree_find(level->node, name);
        if (!node) {
                decoder->collecting = false;
                decoder->unknown++;
                decoder->depth++;
                return;
        }
        enter(decoder, node, level->object);
}

static void store(struct decoder *decoder, const struct level *level)
{
        const struct field *field = level->node->field;
        void *object = level->node->about_reply ? (void *)decoder->reply : level->object;

        decoder->text[decoder->text_size] = '\0';
        /* The first of several errors counts. */
        if (level->node->about_reply && *(char **)(void *)((char *)object + field->offset))
                return;
        shape_store(field, object, decoder->text);
}

static void XMLCALL on_end(void *userdata, const char *name)
{
        struct decoder *decoder = userdata;

        (void)name;
        decoder->depth--;
        if (decoder->unknown)
                decoder->unknown--;
        else if (decoder->collecting)
                store(decoder, &decoder->levels[decoder->depth]);
        decoder->collecting = false;
}

static void XMLCALL on_text(void *userdata, const char *text, int length)
{
        struct decoder *decoder = userdata;
        size_t size = (size_t)length;

        if (!decoder->collecting)
                return;
        if (decoder->text_size + size > REPLY_TEXT_MAX) {
                refuse(decoder, xasprintf("an element of more than %d characters", REPLY_TEXT_MAX));
                return;
        }
        while (decoder->text_size + size >= decoder->text_room) {
                decoder->text_room *= 2;
                decoder->text = xrealloc(decoder->text, decoder->text_room, 1);
        }
        memcpy(decoder->text + decoder->text_size, text, size);
        decoder->text_size += size;
}

/* Refuses a DOCTYPE: its entities can expand a small document without limit, and AWS sends none. */
static void XMLCALL on_doctype(void *userdata, const char *name, const char *system_id,
                               const char *public_id, int has_internal_subset)
{
        (void)name;
        (void)system_id;
        (void)public_id;
        (void)has_internal_subset;
        refuse(userdata, xstrdup("a document type declaration"));
}

static int parse(struct decoder *decoder)
{
        XML_Parser parser = decoder->parser;
        size_t size = decoder->source->size;

        XML_SetUserData(parser, decoder);
        XML_SetElementHandler(parser, on_start, on_end);
        XML_SetCharacterDataHandler(parser, on_text);
        XML_SetStartDoctypeDeclHandler(parser, on_doctype);
        if (size > INT_MAX) {
                decoder->error = xstrdup("too large");
                return -EBADMSG;
        }
        if (XML_Parse(parser, decoder->source->text, (int)size, XML_TRUE) == XML_STATUS_OK)
                return 0;
        if (!decoder->error)
                decoder->error =
                        xasprintf("%s at line %lu", XML_ErrorString(XML_GetErrorCode(parser)),
                                  (unsigned long)XML_GetCurrentLineNumber(parser));
        return -EBADMSG;
}

int shape_decode(const struct shape *shape, void *object, const struct shape_source *source,
                 struct shape_decoded *ret, char **ret_error)
{
        enum { TEXT_ROOM = 256 };
        const struct field next[] = {
                FIELD(source->next, AS_TEXT, struct shape_decoded, next_token),
                {},
        };
        _cleanup_free_ char *page = xcalloc(1, shape ? shape->size : 1);
        struct shape_decoded reply = {};
        struct decoder decoder = {
                .parser = XML_ParserCreate(NULL),
                .source = source,
                .tree = shape_tree_new(shape, &reply_shape),
                .object = page,
                .reply = &reply,
                .text = xcalloc(TEXT_ROOM, 1),
                .text_room = TEXT_ROOM,
        };
        int r;

        if (!decoder.parser)
                out_of_memory();
        shape_tree_add(decoder.tree, &(struct shape){ sizeof(reply), next }, true);
        r = parse(&decoder);
        if (r == 0)
                r = shape_check(decoder.tree, shape, page, &decoder.error);
        XML_ParserFree(decoder.parser);
        shape_tree_free(decoder.tree);
        free(decoder.text);
        if (r < 0) {
                if (shape)
                        shape_done(shape, page);
                shape_decoded_done(&reply);
                *ret_error = decoder.error;
                return r;
        }
        if (shape)
                shape_move(shape, object, page);
        if (reply.next_token && !*reply.next_token)
                xreplace(&reply.next_token, NULL);
        reply.rows = decoder.rows;
        *ret = reply;
        return 0;
}

void shape_decoded_done(struct shape_decoded *decoded)
{
        free(decoded->next_token);
        free(decoded->request_id);
        free(decoded->code);
        free(decoded->message);
        *decoded = (struct shape_decoded){};
}
