/* Reads requests and replies: the form of a request, the XML or JSON of a reply. */
#include "sim/simulation/cloud-request.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

static int hex(char digit)
{
        return digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10;
}

char *request_parameter(const char *body, const char *name)
{
        size_t length = strlen(name);

        for (const char *at = body; at && *at; at = strchr(at, '&'), at = at ? at + 1 : NULL) {
                const char *from = at + length + 1;
                size_t n = 0, size;
                char *value;

                if (strncmp(at, name, length) != 0 || at[length] != '=')
                        continue;
                size = strcspn(from, "&");
                value = xcalloc(size + 1, 1);
                for (size_t i = 0; i < size; i++, n++) {
                        value[n] = from[i];
                        if (from[i] == '%' && i + 2 < size) {
                                value[n] = (char)(hex(from[i + 1]) * 16 + hex(from[i + 2]));
                                i += 2;
                        }
                }
                return value;
        }
        return NULL;
}

char *answer_element(const struct cloud_request *request, const char *name)
{
        _cleanup_free_ char *open = xasprintf("<%s>", name);
        const char *at = request->answer ? strstr(request->answer, open) : NULL;

        if (!at)
                return NULL;
        at += strlen(open);
        return xstrndup(at, strcspn(at, "<"));
}

char *answer_member(const struct cloud_request *request, const char *name)
{
        cJSON *document = request->answer ? cJSON_Parse(request->answer) : NULL;
        char *text = xstrdup(cJSON_GetStringValue(cJSON_GetObjectItem(document, name)));

        cJSON_Delete(document);
        return text;
}
