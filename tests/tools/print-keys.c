/* print-keys manual|schema: prints the keys of man/amid.yaml.5, or config/amid.schema.json.
 * print-keys check FILE: prints the messages about a settings file, in the form of the tests' .err
 * files. */
#include <stdio.h>

#include "base/text.h"
#include "settings/settings.h"

static int check(const char *path)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        int r = settings_load(path, &settings, &messages);

        fputs(text_get(&messages), stdout);
        return r < 0;
}

int main(int argc, char **argv)
{
        _cleanup_(text_done) struct text text = {};

        if (argc == 3 && streq(argv[1], "check"))
                return check(argv[2]);
        if (argc == 2 && streq(argv[1], "manual")) {
                settings_print_manual(&text);
        } else if (argc == 2 && streq(argv[1], "schema")) {
                settings_print_schema(&text);
        } else {
                fprintf(stderr, "usage: print-keys manual | schema | check FILE\n");
                return 2;
        }
        fputs(text_get(&text), stdout);
        return 0;
}
