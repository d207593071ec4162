/* print-verbs: prints the part of man/amictl.1 between its markers. */
#include <stdio.h>

#include "ctl/verbs.h"

int main(void)
{
        _cleanup_(text_done) struct text text = {};

        ctl_print_manual(&text);
        fputs(text_get(&text), stdout);
        return 0;
}
