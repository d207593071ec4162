/* SigV4: examples of the documentation, and the public vectors if they are installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <dirent.h>
#include <string.h>

#include "aws/request/sign.h"
#include "base/alloc.h"
#include "base/text.h"

static const struct sign_keys example_keys = {
        .access_key = "AKIDEXAMPLE",
        .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
static const sec_t example_time = 1440938160; /* 2015-08-30T12:36:00Z */

/* ---- rows ---- */

static void path_and_query_become_canonical(void **state)
{
        static const struct {
                int line;
                bool keep_path;
                const char *target, *path, *query;
        } rows[] = {
                { __LINE__, false, "/", "/", "" },
                { __LINE__, false, "", "/", "" },
                { __LINE__, false, "?a=b", "/", "a=b" },
                { __LINE__, false, "//", "/", "" },
                { __LINE__, true, "//", "//", "" },
                { __LINE__, false, "/./a/", "/a/", "" },
                { __LINE__, true, "/./a/", "/./a/", "" },
                { __LINE__, false, "/a/../..", "/", "" },
                { __LINE__, false, "/../../a", "/a", "" },
                { __LINE__, false, "/a//b/./c/../d", "/a/b/d", "" },
                { __LINE__, false, "/...", "/...", "" },
                { __LINE__, false, "/a b", "/a%20b", "" },
                { __LINE__, false, "/a%20b", "/a%2520b", "" },
                { __LINE__, false, "/\xe1\x88\xb4", "/%E1%88%B4", "" },
                { __LINE__, false, "/-._~!*'()", "/-._~%21%2A%27%28%29", "" },
                { __LINE__, false, "/?b=2&a=1", "/", "a=1&b=2" },
                { __LINE__, false, "/?a=2&a=1&A=3", "/", "A=3&a=1&a=2" },
                { __LINE__, false, "/?a", "/", "a=" },
                { __LINE__, false, "/?a=b=c", "/", "a=b%3Dc" },
                { __LINE__, false, "/?a=%7e%2F/+ x", "/", "a=~%2F%2F%2B%20x" },
                { __LINE__, false, "/?a=%zz%2", "/", "a=%25zz%252" },
                { __LINE__, false, "/?&&a=1&&", "/", "a=1" },
                /* sorted by name, then by value; the joined texts would be in another order */
                { __LINE__, false, "/?a-b=1&a=2", "/", "a=2&a-b=1" },
        };
        const struct http_header host = { "Host", "x" };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct sign_request request = { .method = "GET",
                                                .target = rows[i].target,
                                                .headers = &host,
                                                .n_headers = 1,
                                                .region = "r",
                                                .service = "s",
                                                .now = example_time,
                                                .keep_path = rows[i].keep_path };
                _cleanup_free_ char *canonical = sign_canonical_request(&request, &example_keys);
                _cleanup_free_ char *wanted =
                        xasprintf("GET\n%s\n%s\nhost:x\n", rows[i].path, rows[i].query);

                if (!startswith(canonical, wanted))
                        fail_msg("row of line %d: %s", rows[i].line, canonical);
        }
}

static void headers_become_canonical(void **state)
{
        static const struct http_header headers[] = {
                { "Host", "example.amazonaws.com" },
                { "X-B", "  two\t  words \n  and more  " },
                { "x-a", "1" },
                { "X-A", "0" },
                { "Empty", "   " },
        };
        struct sign_request request = { .method = "POST",
                                        .target = "/",
                                        .headers = headers,
                                        .n_headers = ELEMENTS(headers),
                                        .body = "a=1",
                                        .body_size = 3,
                                        .region = "us-east-1",
                                        .service = "service",
                                        .now = example_time };
        struct sign_keys keys = { "AKIDEXAMPLE", "secret", "token" };
        _cleanup_free_ char *canonical = sign_canonical_request(&request, &keys);

        (void)state;
        assert_string_equal(canonical,
                            "POST\n/\n\nempty:\nhost:example.amazonaws.com\nx-a:1,0\n"
                            "x-amz-date:20150830T123600Z\nx-amz-security-token:token\nx-b:two "
                            "words and more\n\n"
                            "empty;host;x-a;x-amz-date;x-amz-security-token;x-b\n"
                            "c22fea5d7428e5cf47ef6354c97c9223c95d6dcdc3e0d2300ff79056b1ff3d85");
}

/* AWS's documented example: GET / with only the header Host. */
static void the_documented_example_has_its_signature(void **state)
{
        const struct http_header host = { "Host", "example.amazonaws.com" };
        struct sign_request request = { .method = "GET",
                                        .target = "/",
                                        .headers = &host,
                                        .n_headers = 1,
                                        .region = "us-east-1",
                                        .service = "service",
                                        .now = example_time };
        _cleanup_(signature_done) struct signature signature = {};

        (void)state;
        sign(&request, &example_keys, &signature);
        assert_string_equal(signature.date, "20150830T123600Z");
        assert_string_equal(signature.authorization,
                            "AWS4-HMAC-SHA256 "
                            "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                            "SignedHeaders=host;x-amz-date, Signature="
                            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        assert_string_equal(signature.body_hash,
                            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* ---- the public vectors ---- */

static char *read_file(const char *folder, const char *name, size_t *ret_size)
{
        _cleanup_free_ char *path = xasprintf("%s/%s", folder, name);
        _cleanup_fclose_ FILE *file = fopen(path, "re");
        _cleanup_(text_done) struct text text = {};
        char buffer[4096];
        size_t n;

        if (!file)
                fail_msg("%s is missing", path);
        while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
                text_write(&text, buffer, n);
        text_append(&text, "");
        if (ret_size)
                *ret_size = text_size(&text);
        return text_steal(&text);
}

static const char *member(const cJSON *object, const char *key)
{
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* Splits `GET /path HTTP/1.1`, header lines and the body, in place. */
static void parse_request(char *text, size_t size, struct sign_request *request,
                          struct http_header headers[static HTTP_HEADERS_MAX])
{
        char *line = text, *end = text + size, *next, *space;

        next = memchr(line, '\n', size);
        *(next ? next : end) = '\0';
        space = strchr(line, ' ');
        *space = '\0';
        request->method = line;
        request->target = space + 1;
        *strrchr(space + 1, ' ') = '\0';
        while (next && (line = next + 1) < end && *line != '\n') {
                char *colon;

                /* An indented line continues the value before it. */
                for (next = line; (next = strchr(next, '\n')) && (next[1] == ' ');)
                        next++;
                if (next)
                        *next = '\0';
                colon = strchr(line, ':');
                *colon = '\0';
                headers[request->n_headers++] = (struct http_header){ line, colon + 1 };
        }
        request->headers = headers;
        if (next && line < end && *line == '\n') {
                request->body = line + 1;
                request->body_size = (size_t)(end - line - 1);
        }
}

static void check_vector(const char *folder)
{
        _cleanup_free_ char *context_text = read_file(folder, "context.json", NULL);
        _cleanup_free_ char *canonical_wanted =
                read_file(folder, "header-canonical-request.txt", NULL);
        _cleanup_free_ char *string_wanted = read_file(folder, "header-string-to-sign.txt", NULL);
        _cleanup_free_ char *signature_wanted = read_file(folder, "header-signature.txt", NULL);
        struct http_header headers[HTTP_HEADERS_MAX];
        size_t size;
        _cleanup_free_ char *text = read_file(folder, "request.txt", &size);
        _cleanup_free_ char *canonical = NULL, *string = NULL;
        _cleanup_(signature_done) struct signature signature = {};
        cJSON *context = cJSON_Parse(context_text);
        const cJSON *given = cJSON_GetObjectItem(context, "credentials");
        struct sign_keys keys = { member(given, "access_key_id"),
                                  member(given, "secret_access_key"), member(given, "token") };
        struct sign_request request = {
                .region = member(context, "region"),
                .service = member(context, "service"),
                .keep_path = cJSON_IsFalse(cJSON_GetObjectItem(context, "normalize")),
                .sign_body_hash = cJSON_IsTrue(cJSON_GetObjectItem(context, "sign_body")),
                .omit_token = cJSON_IsTrue(cJSON_GetObjectItem(context, "omit_session_token")),
        };

        assert_true(parse_rfc3339(member(context, "timestamp"), &request.now));
        parse_request(text, size, &request, headers);
        canonical = sign_canonical_request(&request, &keys);
        string = sign_string_to_sign(&request, &keys);
        sign(&request, &keys, &signature);
        if (!streq(canonical, canonical_wanted))
                fail_msg("%s: canonical request\n%s", folder, canonical);
        if (!streq(string, string_wanted))
                fail_msg("%s: string to sign\n%s", folder, string);
        if (!endswith(signature.authorization, signature_wanted))
                fail_msg("%s: %s", folder, signature.authorization);
        cJSON_Delete(context);
}

static void the_vectors_of_aws_have_their_signatures(void **state)
{
        const char *shared = getenv("AMID_SHARED");
        _cleanup_free_ char *root = NULL;
        struct dirent **entries;
        unsigned int cases = 0;
        int n;

        (void)state;
        if (!shared)
                skip();
        root = xasprintf("%s/sigv4/v4", shared);
        n = scandir(root, &entries, NULL, alphasort);
        if (n < 0)
                skip();
        for (int i = 0; i < n; i++) {
                if (entries[i]->d_name[0] != '.') {
                        _cleanup_free_ char *folder = xasprintf("%s/%s", root, entries[i]->d_name);

                        check_vector(folder);
                        cases++;
                }
                free(entries[i]);
        }
        free(entries);
        assert_int_equal(cases, 38);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(path_and_query_become_canonical),
                cmocka_unit_test(headers_become_canonical),
                cmocka_unit_test(the_documented_example_has_its_signature),
                cmocka_unit_test(the_vectors_of_aws_have_their_signatures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
