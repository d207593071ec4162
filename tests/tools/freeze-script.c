/*
 * Prints a script of runs/remote/freeze-script.h:
 *     freeze-script TOKEN TIMEOUT BEFORE... -- AFTER...     freezes
 *     freeze-script TOKEN                                   thaws
 */
#include "runs/remote/freeze-script.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"

int main(int argc, char **argv)
{
        struct freeze_script script = { .token = argv[1] };
        _cleanup_free_ char *text = NULL;
        int end = 3;

        if (argc == 2) {
                text = freeze_script_thaw(&script);
        } else if (argc > 3) {
                while (end < argc && !streq(argv[end], "--"))
                        end++;
                script.timeout = strtoll(argv[2], NULL, 10);
                script.before = argv + 3;
                script.n_before = (size_t)(end - 3);
                script.after = argv + end + 1;
                script.n_after = end < argc ? (size_t)(argc - end - 1) : 0;
                text = freeze_script_freeze(&script);
        } else {
                return 2;
        }
        fputs(text, stdout);
        return 0;
}
