/* The log of requests: parameters, caller, reply. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct cJSON;
struct ledger;
struct sim_request;

struct ledger *ledger_new(void);
struct ledger *ledger_free(struct ledger *ledger);
void ledger_clear(struct ledger *ledger);
/* `code` NULL: no error; `fault` (static) NULL: none. */
void ledger_add(struct ledger *ledger, usec_t now, const struct sim_request *request,
                const char *account, int status, const char *code, const char *fault);
/* An array of {number, time, action, parameters{}, region, account, access_key, status, code,
 * fault, connection}; the oldest are forgotten beyond a hundred thousand. Only entries above number
 * `since`. The caller deletes it. */
struct cJSON *ledger_dump(const struct ledger *ledger, uint64_t since);
