/* The shared files and the documents of the instance metadata service. The first byte chooses. */
#include <stdint.h>
#include <string.h>

#include "aws/imds-credentials.h"
#include "aws/profile.h"
#include "aws/retry.h"
#include "base/alloc.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_profile(const char *text, size_t size, enum profile_file kind)
{
        _cleanup_(profile_done) struct profile profile = {};
        char *copy = xcalloc(size + 1, 1);
        unsigned int line = 0;

        memcpy(copy, text, size);
        if (profile_parse(copy, size, "default", kind, &profile, &line) < 0 &&
            (line == 0 || profile.found))
                abort();
        for (size_t i = 0; i < size; i++)
                if (copy[i])
                        abort(); /* not wiped */
        free(copy);
}

static void fuzz_document(const char *text, size_t size)
{
        _cleanup_free_ char *why = NULL;
        struct credentials *credentials = imds_credentials_parse(text, size, &why);

        if (!credentials == !why)
                abort();
        credentials_unref(credentials);
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
        switch (data[0] % 4) {
        case 0:
                fuzz_profile(text, size - 1, PROFILE_CREDENTIALS);
                break;
        case 1:
                fuzz_profile(text, size - 1, PROFILE_CONFIG);
                break;
        case 2:
                fuzz_document(text, size - 1);
                break;
        default:
                fuzz_date(text, size - 1);
        }
        return 0;
}
