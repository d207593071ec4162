/*
 * Any bytes as the output of a script on an instance. A value that is found is from the last line
 * with its name, clean and without blanks; the middle of a long value is left out.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"
#include "runs/remote/remote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const names[] = { "amid-freeze", "amid-thaw", "amid-boot" };
        static const char *const keys[] = { "state", "reason", "thawed-by", "boot-id", "clean" };
        _cleanup_free_ char *output = xstrndup((const char *)data, size);
        _cleanup_free_ char *cleaned = text_clean(output, 10 * size + 1);

        for (size_t i = 0; i < ELEMENTS(names); i++)
                for (size_t j = 0; j < ELEMENTS(keys); j++) {
                        _cleanup_free_ char *value = remote_value(output, names[i], keys[j]);
                        _cleanup_free_ char *pair = NULL;

                        if (!value)
                                continue;
                        pair = xasprintf("%s=%s", keys[j], value);
                        assert(!strpbrk(value, " \n"));
                        assert(strstr(cleaned, names[i]));
                        assert(strstr(cleaned, pair) || strstr(value, "[...]"));
                }
        return 0;
}
