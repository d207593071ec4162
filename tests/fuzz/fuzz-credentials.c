/* The parsers of credentials: shared files, documents, tokens. The first byte chooses the parser.
 */
#include <stdint.h>
#include <string.h>

#include "aws/config/shared.h"
#include "aws/credentials/container.h"
#include "aws/credentials/document.h"
#include "aws/credentials/explain.h"
#include "aws/credentials/split.h"
#include "aws/credentials/sso-token.h"
#include "aws/request/retry.h"
#include "base/alloc.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_shared(const char *text, size_t size, enum shared_file kind)
{
        _cleanup_(shared_done) struct shared shared = {};
        char *copy = xcalloc(size + 1, 1);
        unsigned int line = 0;

        memcpy(copy, text, size);
        if (shared_parse(&shared, kind, copy, size, &line) < 0 &&
            (line == 0 || shared.n_values > 0))
                abort();
        for (size_t i = 0; i < size; i++)
                if (copy[i])
                        abort(); /* not wiped */
        free(copy);
}

static void fuzz_document(const struct document *document, const char *text, size_t size)
{
        _cleanup_free_ char *why = NULL;
        struct credentials *credentials = document_parse(document, text, size, &why);

        if (!credentials == !why)
                abort();
        credentials_unref(credentials);
}

/* The first line is the file of a token, the rest the reply that renews it. */
static void fuzz_token(const char *text, size_t size)
{
        const char *end = memchr(text, '\n', size);
        size_t first = end ? (size_t)(end - text) : size;
        _cleanup_(sso_token_done) struct sso_token token = {};
        _cleanup_free_ char *why = NULL, *refusal = NULL;

        if (sso_token_parse(&token, text, first, &why) < 0) {
                if (!why || token.document)
                        abort();
                return;
        }
        if (sso_token_can_renew(&token, 0))
                free(sso_token_request(&token));
        if (!end)
                return;
        if (sso_token_renew(&token, end + 1, size - first - 1, 0, &refusal) < 0 && !refusal)
                abort();
        if (!token.access)
                abort();
}

static void fuzz_words(const char *text, size_t size)
{
        _cleanup_free_ char *copy = xstrndup(text, size);
        char **words = NULL;
        const char *why = NULL;
        size_t n = 0;

        if (split_words(copy, &words, &n, &why) < 0) {
                if (!why || words)
                        abort();
                return;
        }
        if (n == 0 || words[n])
                abort();
        strings_free(words, n);
}

static void fuzz_url(const char *text, size_t size)
{
        _cleanup_free_ char *copy = xstrndup(text, size), *why = NULL;
        _cleanup_free_ char *url = container_url(NULL, copy, &why);

        if (!url == !why)
                abort();
}

static void fuzz_date(const char *text, size_t size)
{
        _cleanup_free_ char *copy = xstrndup(text, size);
        sec_t date;

        parse_http_date(copy, &date);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *)data + 1;

        if (size == 0)
                return 0;
        switch ((data[0] + 7) % 11) { /* '0' is the first */
        case 0:
                fuzz_shared(text, size - 1, SHARED_CREDENTIALS);
                break;
        case 1:
                fuzz_shared(text, size - 1, SHARED_CONFIG);
                break;
        case 2:
                fuzz_document(&document_imds, text, size - 1);
                break;
        case 3:
                fuzz_date(text, size - 1);
                break;
        case 4:
                fuzz_document(&document_container, text, size - 1);
                break;
        case 5:
                fuzz_document(&document_process, text, size - 1);
                break;
        case 6:
                fuzz_document(&document_sso, text, size - 1);
                break;
        case 7:
                fuzz_words(text, size - 1);
                break;
        case 8:
                fuzz_token(text, size - 1);
                break;
        case 9:
                free(explain_text(text, size - 1));
                break;
        default:
                fuzz_url(text, size - 1);
        }
        return 0;
}
