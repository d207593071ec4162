/* print-catalog: prints systemd/amid.catalog. */
#include <stdio.h>

#include "runs/events/events.h"

int main(void)
{
        _cleanup_(text_done) struct text text = {};

        events_print_catalog(&text);
        fputs(text_get(&text), stdout);
        return 0;
}
