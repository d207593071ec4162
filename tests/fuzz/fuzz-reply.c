/* XML replies of EC2 and of query services. */
#include "fuzz/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        decode_by_all(shape_decode, data, size);
        return 0;
}
