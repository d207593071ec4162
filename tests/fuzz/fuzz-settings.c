/* Any bytes as a settings file: loaded, or refused with a message. */
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "settings/settings.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Uses no database of zones, which would be read for every hint. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        (void)argc;
        (void)argv;
        return setenv("TZDIR", "/nonexistent", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        int r = settings_parse("fuzz", (const char *)data, size, &settings, &messages);

        if ((r == 0) != (settings != NULL) || (r < 0 && text_size(&messages) == 0))
                abort();
        return 0;
}
