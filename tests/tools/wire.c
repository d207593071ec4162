/*
 * Prints requests and decoded replies, for a comparison with other clients of AWS. `wire` prints a
 * line of JSON per action, a request with all inputs filled in. Each line of stdin is then a reply,
 * {"action": "ssm:SendCommand", "status": 200, "body": "...", "error_type": null}, for which it
 * prints the decoded members under their names on the wire.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "aws/client/actions.h"
#include "aws/request/wire.h"
#include "base/alloc.h"
#include "base/text.h"

enum { LIST_SIZE = 2, COUNT = 77, TIME = 1798761600 };

/* ---- inputs ---- */

static void fill(const struct shape *shape, void *object, unsigned int *number);

static void fill_member(const struct field *field, void *member, unsigned int *number)
{
        char **list = member;

        switch (field->type) {
        case AS_TEXT:
        case AS_WORDS:
                *list = xasprintf("text %u*", ++*number);
                break;
        case AS_FLAG:
                *(bool *)member = true;
                break;
        case AS_COUNT:
        case AS_NUMBER:
                *(int *)member = COUNT;
                break;
        case AS_TIME:
                *(sec_t *)member = TIME;
                break;
        case AS_ENUM:
                *(int *)member = 1;
                break;
        case AS_TEXTS: {
                char ***texts = member;
                size_t *n = (size_t *)(void *)(texts + 1);

                while (*n < LIST_SIZE)
                        *append(*texts, *n) = xasprintf("text %u*", ++*number);
                break;
        }
        case AS_ROWS:
                *list = xcalloc(LIST_SIZE, field->shape->size);
                *(size_t *)(void *)(list + 1) = LIST_SIZE;
                for (size_t i = 0; i < LIST_SIZE; i++)
                        fill(field->shape, *list + i * field->shape->size, number);
                break;
        }
}

static void fill(const struct shape *shape, void *object, unsigned int *number)
{
        for (const struct field *field = shape->fields; field->name; field++)
                fill_member(field, (char *)object + field->offset, number);
}

/* ---- tables ---- */

static void add_paths(const struct shape *shape, const char *before, cJSON *paths)
{
        for (const struct field *field = shape->fields; field->name; field++) {
                _cleanup_free_ char *path = xasprintf("%s%s", before, field->name);
                _cleanup_free_ char *inside = xasprintf("%s/", path);

                cJSON_AddItemToArray(paths, cJSON_CreateString(path));
                if (field->type == AS_ROWS)
                        add_paths(field->shape, inside, paths);
        }
}

static void print_line(cJSON *line)
{
        _cleanup_free_ char *text = cJSON_PrintUnformatted(line);

        puts(text);
        cJSON_Delete(line);
}

static void print_action(const struct action *action)
{
        static const struct field none[] = { {} };
        static const struct shape nothing = { 1, none };
        const struct shape *input = action->input ? action->input : &nothing;
        _cleanup_free_ char *object = xcalloc(1, input->size);
        _cleanup_free_ char *target = wire_target(action), *body = NULL, *page = NULL;
        cJSON *line = cJSON_CreateObject();
        unsigned int number = 0;

        fill(input, object, &number);
        body = wire_encode(action, object);
        page = action->paging ? wire_encode_page(action, body, "t/1+=") : NULL;
        shape_done(input, object);
        cJSON_AddStringToObject(line, "service", action->service->name);
        cJSON_AddStringToObject(line, "name", action->name);
        cJSON_AddStringToObject(line, "type", wire_content_type(action));
        cJSON_AddStringToObject(line, "body", body);
        if (target)
                cJSON_AddStringToObject(line, "target", target);
        if (page) {
                cJSON_AddStringToObject(line, "page", page);
                cJSON_AddStringToObject(line, "size", action->paging->size);
                cJSON_AddStringToObject(line, "token", action->paging->token);
                cJSON_AddStringToObject(line, "next", action->paging->next);
                cJSON_AddNumberToObject(line, "page_size", action->page_size);
        }
        if (action->output)
                add_paths(action->output, "", cJSON_AddArrayToObject(line, "reads"));
        print_line(line);
}

/* ---- replies ---- */

static const char *member(const cJSON *object, const char *key)
{
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static const struct action *find_action(const char *name)
{
        for (size_t i = 0; name && aws_actions[i]; i++) {
                _cleanup_free_ char *whole =
                        xasprintf("%s:%s", aws_actions[i]->service->name, aws_actions[i]->name);

                if (streq(whole, name))
                        return aws_actions[i];
        }
        return NULL;
}

static bool read_reply(const char *text)
{
        cJSON *asked = cJSON_Parse(text), *line = cJSON_CreateObject();
        const struct action *action = find_action(member(asked, "action"));
        const char *body = member(asked, "body");
        void *output = action && action->output ? xcalloc(1, action->output->size) : NULL;
        struct shape_decoded decoded = {};
        _cleanup_free_ char *error = NULL;
        struct http_reply reply = {
                .status = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(asked, "status")),
                .body = body,
                .body_size = body ? strlen(body) : 0,
                .content_type = action ? wire_content_type(action) : NULL,
                .error_type = member(asked, "error_type"),
        };
        bool good = action && body;

        if (good && wire_decode(action, output, &reply, &decoded, &error) < 0)
                cJSON_AddStringToObject(line, "unreadable", error);
        if (good && output)
                shape_encode_json(action->output, output, cJSON_AddObjectToObject(line, "output"));
        if (decoded.code)
                cJSON_AddStringToObject(line, "code", decoded.code);
        if (decoded.message)
                cJSON_AddStringToObject(line, "message", decoded.message);
        if (decoded.next_token)
                cJSON_AddStringToObject(line, "next", decoded.next_token);
        print_line(line);
        if (output)
                shape_done(action->output, output);
        free(output);
        shape_decoded_done(&decoded);
        cJSON_Delete(asked);
        return good;
}

int main(void)
{
        _cleanup_free_ char *line = NULL;
        size_t room = 0;

        for (size_t i = 0; aws_actions[i]; i++)
                print_action(aws_actions[i]);
        while (getline(&line, &room, stdin) > 0)
                if (!read_reply(line)) {
                        fprintf(stderr, "wire: not a reply: %s", line);
                        return 1;
                }
        return 0;
}
