/*
 * The refusals that the journal has a line about: one line for each code of a call, or of a
 * service, until that call succeeds, in whatever order the codes alternate. Internal to runs/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct reported {
        struct reported_line {
                const void *about; /* an action or a service; borrowed */
                char *code;        /* "": AWS gave none */
        } * lines;
        size_t n;
};
void reported_done(struct reported *reported);

/* False: the journal has a line about that code already. `code` may be NULL. */
bool reported_add(struct reported *reported, const void *about, const char *code);
/* The call has succeeded. True: the journal had a line about it. */
bool reported_drop(struct reported *reported, const void *about);
