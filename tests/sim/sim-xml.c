/* Writes XML elements. */
#include "sim/sim-xml.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

void xml_open(struct text *out, const char *name)
{
        text_append(out, "<");
        text_append(out, name);
        text_append(out, ">");
}

void xml_close(struct text *out, const char *name)
{
        text_append(out, "</");
        text_append(out, name);
        text_append(out, ">");
}

static void escape(struct text *out, const char *value)
{
        static const char special[] = "<>&\"\r";
        static const char *const entities[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&#13;" };

        while (*value) {
                size_t plain = strcspn(value, special);

                text_write(out, value, plain);
                value += plain;
                if (*value)
                        text_append(out, entities[strchr(special, *value++) - special]);
        }
}

void xml_text(struct text *out, const char *name, const char *value)
{
        if (!value)
                return;
        xml_open(out, name);
        escape(out, value);
        xml_close(out, name);
}

void xml_number(struct text *out, const char *name, int64_t value)
{
        text_printf(out, "<%s>%" PRId64 "</%s>", name, value, name);
}

void xml_bool(struct text *out, const char *name, bool value)
{
        xml_text(out, name, value ? "true" : "false");
}

char *time_text(usec_t value)
{
        char buffer[TIME_TEXT_MAX];
        int milliseconds = (int)(value % USEC_PER_SEC / USEC_PER_MSEC);

        format_rfc3339(value / USEC_PER_SEC, buffer);
        buffer[strcspn(buffer, "Z")] = '\0';
        return xasprintf("%s.%03dZ", buffer, milliseconds);
}

void xml_time(struct text *out, const char *name, usec_t value)
{
        _cleanup_free_ char *text = time_text(value);

        xml_text(out, name, text);
}
