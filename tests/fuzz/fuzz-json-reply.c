/* JSON replies of Systems Manager, and error codes in headers. */
#include <string.h>

#include "fuzz/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *header = xstrndup((const char *)data, size);
        _cleanup_free_ char *code = shape_error_code(header);

        /* A code is a part of the header, and never empty. */
        assert(!code || (*code && strstr(header, code)));
        decode_by_all(shape_decode_json, data, size);
        return 0;
}
