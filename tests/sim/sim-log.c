/* The ring of logged requests. */
#include "sim/sim-log.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "sim/sim-json.h"
#include "sim/sim-model.h"
#include "sim/sim-service.h"

enum { KEPT = 100000 };

struct entry {
        usec_t time;
        char *region, *account, *access_key, *target, *body, *code;
        size_t size;
        const char *fault;
        uint64_t connection;
        int status;
};

/* A ring: entry number n (from 0) is at n % KEPT. */
struct ledger {
        struct entry *entries;
        uint64_t n;
};

struct ledger *ledger_new(void)
{
        struct ledger *ledger = xnew(struct ledger);

        ledger->entries = xcalloc(KEPT, sizeof(*ledger->entries));
        return ledger;
}

static void entry_done(struct entry *entry)
{
        free(entry->region);
        free(entry->account);
        free(entry->access_key);
        free(entry->target);
        free(entry->body);
        free(entry->code);
        *entry = (struct entry){};
}

void ledger_clear(struct ledger *ledger)
{
        for (uint64_t i = 0; i < ledger->n && i < KEPT; i++)
                entry_done(&ledger->entries[i]);
        ledger->n = 0;
}

struct ledger *ledger_free(struct ledger *ledger)
{
        if (!ledger)
                return NULL;
        ledger_clear(ledger);
        free(ledger->entries);
        free(ledger);
        return NULL;
}

void ledger_add(struct ledger *ledger, usec_t now, const struct sim_request *request,
                const char *account, int status, const char *code, const char *fault)
{
        struct entry *entry = &ledger->entries[ledger->n++ % KEPT];

        entry_done(entry);
        *entry = (struct entry){
                .time = now,
                .region = xstrdup(request->region),
                .account = xstrdup(account),
                .access_key = xstrdup(request->access_key),
                .target = xstrdup(request->target),
                .body = xmemdup(request->body, request->size),
                .size = request->size,
                .code = xstrdup(code),
                .fault = fault,
                .connection = request->connection,
                .status = status,
        };
}

static cJSON *dump_entry(const struct entry *entry, uint64_t number)
{
        cJSON *object = cJSON_CreateObject(), *parameters;
        struct params params = {};
        const struct sim_request request = { .target = entry->target,
                                             .body = entry->body,
                                             .size = entry->size };
        _cleanup_free_ char *action = sim_action(&request);

        (void)service_params(&request, &params);
        json_number(object, "number", (double)number);
        json_number(object, "time", (double)entry->time / (double)USEC_PER_SEC);
        json_text(object, "action", *action ? action : NULL);
        parameters = cJSON_AddObjectToObject(object, "parameters");
        for (size_t i = 0; i < params.n; i++)
                if (params.list[i].name && params.list[i].value)
                        json_text(parameters, params.list[i].name, params.list[i].value);
        json_text(object, "region", entry->region);
        json_text(object, "account", entry->account);
        json_text(object, "access_key", entry->access_key);
        json_number(object, "status", entry->status);
        json_text(object, "code", entry->code);
        json_text(object, "fault", entry->fault);
        json_number(object, "connection", (double)entry->connection);
        params_done(&params);
        return object;
}

cJSON *ledger_dump(const struct ledger *ledger, uint64_t since)
{
        cJSON *array = cJSON_CreateArray();
        uint64_t first = ledger->n > KEPT ? ledger->n - KEPT : 0;

        for (uint64_t i = since > first ? since : first; i < ledger->n; i++)
                cJSON_AddItemToArray(array, dump_entry(&ledger->entries[i % KEPT], i + 1));
        return array;
}
