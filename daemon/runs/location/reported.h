/*
 * What the journal has of refusals: one line for each call, or service, and code, until that
 * succeeds, in whatever turn they come. Internal to runs/.
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

/* False: the journal has that already. `code` may be NULL. */
bool reported_add(struct reported *reported, const void *about, const char *code);
/* It has succeeded. Whether the journal had anything about it. */
bool reported_drop(struct reported *reported, const void *about);
