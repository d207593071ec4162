/* Scripts for instances: what all of them have in common. */
#include "runs/remote/script.h"

#include <string.h>

#include "runs/remote/embed.h"

EMBED(script_head_sh, "daemon/runs/remote/script-head.sh");

void script_append(struct text *text, const char *source)
{
        for (const char *line = source; *line;) {
                size_t length = strcspn(line, "\n");
                const char *word = line + strspn(line, " ");

                if (*word != '#' && *word != '\n')
                        text_write(text, line, length + 1);
                line += length + 1;
        }
}

void script_append_head(struct text *text)
{
        script_append(text, script_head_sh);
}
