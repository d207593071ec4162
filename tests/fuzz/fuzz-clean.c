/*
 * Any bytes as text from outside. The cleaned text has only safe characters and respects its limit;
 * cleaning it again changes nothing, and safe text stays unchanged.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether all characters are safe, or ASCII characters of `but`. */
static bool is_safe(const char *text, const char *but)
{
        uint32_t c;

        for (size_t n; *text; text += n) {
                n = utf8_decode(text, &c);
                if (n == 0 || (!is_safe_character(c) && !(c < 0x80 && strchr(but, (int)c))))
                        return false;
        }
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        enum { SHORT = 32, MARK = 5 };
        _cleanup_free_ char *text = xstrndup((const char *)data, size);
        _cleanup_free_ char *clean = text_clean(text, 10 * size + 1);
        _cleanup_free_ char *again = text_clean(clean, 10 * size + 1);
        _cleanup_free_ char *cut = text_clean(text, SHORT), *lines = text_clean_lines(text);
        _cleanup_free_ char *json = text_clean_json(text);

        assert(is_safe(clean, "") && is_safe(cut, "") && is_safe(lines, "\n"));
        assert(is_safe(json, "\n\t"));
        assert(streq(clean, again));
        assert(strlen(cut) <= SHORT + MARK);
        if (is_safe(text, ""))
                assert(streq(clean, text) && streq(json, text));
        return 0;
}
