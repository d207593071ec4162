/*
 * Signs requests, for a comparison with another signer. Stdin: one JSON object per line with
 * access_key, secret, token (or null), region, service, time (seconds since 1970), method, target,
 * headers (a list of [name, value]), body. Stdout: one Authorization header per line.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "aws/request/sign.h"
#include "base/alloc.h"
#include "base/text.h"

static const char *member(const cJSON *object, const char *key)
{
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool sign_line(const char *line)
{
        cJSON *document = cJSON_Parse(line), *pair;
        const cJSON *headers = cJSON_GetObjectItemCaseSensitive(document, "headers");
        const char *body = member(document, "body");
        struct sign_keys keys = { member(document, "access_key"), member(document, "secret"),
                                  member(document, "token") };
        struct http_header all[HTTP_HEADERS_MAX];
        struct sign_request request = {
                .method = member(document, "method"),
                .target = member(document, "target"),
                .headers = all,
                .body = body,
                .body_size = body ? strlen(body) : 0,
                .region = member(document, "region"),
                .service = member(document, "service"),
                .now = (sec_t)cJSON_GetNumberValue(cJSON_GetObjectItem(document, "time")),
        };
        bool good = keys.access_key && keys.secret && request.method && request.target && body &&
                    request.region && request.service &&
                    cJSON_GetArraySize(headers) <= HTTP_HEADERS_MAX;

        cJSON_ArrayForEach (pair, headers) {
                const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
                const char *value = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));

                if (!good || !name || !value) {
                        good = false;
                        break;
                }
                all[request.n_headers++] = (struct http_header){ name, value };
        }
        if (good) {
                _cleanup_(signature_done) struct signature signature = {};

                sign(&request, &keys, &signature);
                puts(signature.authorization);
        }
        cJSON_Delete(document);
        return good;
}

int main(void)
{
        _cleanup_free_ char *line = NULL;
        size_t room = 0;

        while (getline(&line, &room, stdin) > 0)
                if (!sign_line(line)) {
                        fputs("sign: not a request: ", stderr);
                        fputs(line, stderr);
                        return 1;
                }
        return 0;
}
