#include "runs/freeze-script.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* The files as they are, so that a shell and its checkers can read them too. The Makefile knows
 * that this object depends on them. */
#define EMBED(name, file)                                                                          \
        __asm__(".pushsection .rodata\n" #name ":\n.incbin \"" file "\"\n.byte 0\n"                \
                ".popsection\n");                                                                  \
        extern const char(name)[] __attribute__((visibility("hidden")))

EMBED(freeze_common_sh, "daemon/runs/freeze-common.sh");
EMBED(freeze_freeze_sh, "daemon/runs/freeze-freeze.sh");
EMBED(freeze_thaw_sh, "daemon/runs/freeze-thaw.sh");

/* Without what is only a comment: a command of SSM must be small. No line of these files begins
 * with a '#' for another reason. */
static void append_code(struct text *text, const char *source)
{
        for (const char *line = source; *line;) {
                size_t length = strcspn(line, "\n");
                const char *word = line + strspn(line, " ");

                if (*word != '#' && *word != '\n')
                        text_write(text, line, length + 1);
                line += length + 1;
        }
}

/* Whatever is in `data`, the shell sees one word of harmless characters. */
static void append_file(struct text *text, const char *name, size_t number, const char *data)
{
        size_t size = strlen(data);
        _cleanup_free_ char *encoded = xcalloc(size / 3 + 1, 4 + 1);

        EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)data, (int)size);
        text_printf(text, " &&\n        printf %%s '%s' | base64 -d >\"$dir/%s", encoded, name);
        text_printf(text, number ? ".%zu\"" : "\"", number);
}

static void append_head(struct text *text, const struct freeze_script *script)
{
        size_t length = strlen(script->token);

        assert(length > 0 && length <= FREEZE_TOKEN_MAX);
        assert(script->token[0] != '.' && script->token[0] != '_' && script->token[0] != '-');
        assert(length == strspn(script->token, "abcdefghijklmnopqrstuvwxyz"
                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"));
        text_printf(text, "token='%s'\n", script->token);
        append_code(text, freeze_common_sh);
}

char *freeze_script_thaw(const struct freeze_script *script)
{
        _cleanup_(text_done) struct text text = {};

        append_head(&text, script);
        append_code(&text, freeze_thaw_sh);
        return text_steal(&text);
}

char *freeze_script_freeze(const struct freeze_script *script)
{
        _cleanup_(text_done) struct text text = {};
        _cleanup_free_ char *thaw = freeze_script_thaw(script);

        assert(script->timeout >= FREEZE_TIMEOUT_MIN);
        append_head(&text, script);
        text_printf(&text, "timeout=%lld\nlimit=%lld\n", (long long)script->timeout,
                    (long long)script->timeout / 2);
        text_append(&text, "unpack() {\n        true");
        append_file(&text, "thaw.sh", 0, thaw);
        for (size_t i = 0; i < script->n_before; i++)
                append_file(&text, "before", i + 1, script->before[i]);
        for (size_t i = 0; i < script->n_after; i++)
                append_file(&text, "after", i + 1, script->after[i]);
        text_append(&text, "\n}\n");
        append_code(&text, freeze_freeze_sh);
        return text_steal(&text);
}
