/* JSON replies: those of Systems Manager, and codes of errors in their headers. */
#include <string.h>

#include "fuzz/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *header = xstrndup((const char *)data, size);
        _cleanup_free_ char *code = shape_error_code(header);

        /* A code is never more than what stood there, and never empty. */
        assert(!code || (*code && strstr(header, code)));
        decode_by_all(shape_decode_json, data, size);
        return 0;
}
