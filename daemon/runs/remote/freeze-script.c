/* The scripts that freeze and thaw, put together for one instance. */
#include "runs/remote/freeze-script.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/remote/embed.h"
#include "runs/remote/script.h"

EMBED(freeze_common_sh, "daemon/runs/remote/freeze-common.sh");
EMBED(freeze_freeze_sh, "daemon/runs/remote/freeze-freeze.sh");
EMBED(freeze_thaw_sh, "daemon/runs/remote/freeze-thaw.sh");

/* Whatever is in `data`, the shell sees one word of harmless characters. What did not get into the
 * file, for want of room, is noticed by its size. */
static void append_file(struct text *text, const char *name, const char *data)
{
        size_t size = strlen(data);
        _cleanup_free_ char *encoded = xcalloc(size / 3 + 1, 4 + 1);

        EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)data, (int)size);
        text_printf(text, " &&\n        printf %%s '%s' | base64 -d >\"$dir/%s\"", encoded, name);
        text_printf(text, " &&\n        [ \"$(wc -c <\"$dir/%s\")\" -eq %zu ]", name, size);
}

static void append_commands(struct text *text, const char *name, char *const *commands, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *file = xasprintf("%s.%zu", name, i + 1);

                append_file(text, file, commands[i]);
        }
}

static void append_head(struct text *text, const struct freeze_script *script)
{
        size_t length = strlen(script->token);

        assert(length > 0 && length <= FREEZE_TOKEN_MAX);
        assert(script->token[0] != '.' && script->token[0] != '_' && script->token[0] != '-');
        assert(length == strspn(script->token, "abcdefghijklmnopqrstuvwxyz"
                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"));
        text_printf(text, "token='%s'\n", script->token);
        script_append_head(text);
        script_append(text, freeze_common_sh);
}

char *freeze_script_thaw(const struct freeze_script *script)
{
        _cleanup_(text_done) struct text text = {};

        append_head(&text, script);
        script_append(&text, freeze_thaw_sh);
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
        append_file(&text, "thaw.sh", thaw);
        append_commands(&text, "before", script->before, script->n_before);
        append_commands(&text, "after", script->after, script->n_after);
        text_append(&text, "\n}\n");
        script_append(&text, freeze_freeze_sh);
        return text_steal(&text);
}
