/* Unix cron's five fields in EventBridge's words, for hints. Private to expression. */
#pragma once

#include <stddef.h>

/*
 * Translates the fields minute, hour, day of month, month, day of week (0 or 7 = Sunday) into
 * cron(...) and returns how many expressions that takes: 1, or 2 because Unix fires when either of
 * two restricted day fields matches, or 0 when a day of the week is beyond 7. The result is not
 * checked. Caller frees what is in ret[].
 */
size_t unix_cron_translate(char *const fields[static 5], char *ret[static 2]);
