/* The calls and codes that the journal has a line about, so that it gets no second one. */
#include "runs/location/reported.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"

void reported_done(struct reported *reported)
{
        for (size_t i = 0; i < reported->n; i++)
                free(reported->lines[i].code);
        free(reported->lines);
        *reported = (struct reported){};
}

bool reported_add(struct reported *reported, const void *about, const char *code)
{
        if (!code)
                code = "";
        for (size_t i = 0; i < reported->n; i++)
                if (reported->lines[i].about == about && streq(reported->lines[i].code, code))
                        return false;
        *append(reported->lines, reported->n) =
                (struct reported_line){ .about = about, .code = xstrdup(code) };
        return true;
}

bool reported_drop(struct reported *reported, const void *about)
{
        size_t before = reported->n, kept = 0;

        for (size_t i = 0; i < reported->n; i++)
                if (reported->lines[i].about == about)
                        free(reported->lines[i].code);
                else
                        reported->lines[kept++] = reported->lines[i];
        reported->n = kept;
        return kept < before;
}
