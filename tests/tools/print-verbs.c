/* print-verbs: what man/amictl.1 must contain between its markers. */
#include <stdio.h>

#include "ctl/verbs.h"

int main(void)
{
        _cleanup_(text_done) struct text text = {};

        ctl_print_manual(&text);
        fputs(text_get(&text), stdout);
        return 0;
}
