/* sim_answer(): from the body of a request to the body of its reply. */
#include <inttypes.h>

#include "base/alloc.h"
#include "sim/sim-actions.h"
#include "sim/sim-fault.h"
#include "sim/sim-json.h"
#include "sim/sim-log.h"
#include "sim/sim-service.h"
#include "sim/sim-settle.h"

static const char html502[] = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
                              "<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
                              "</body>\r\n</html>\r\n";

const char *sim_service(const struct sim_request *request)
{
        struct params params = {};
        const char *name = sim_services[SIM_EC2].name;

        if (service_params(request, &params) || request->target)
                name = sim_services[service_of(request, &params)].name;
        params_done(&params);
        return name;
}

char *sim_action(const struct sim_request *request)
{
        struct params params = {};
        char *name = NULL;

        if (service_params(request, &params) || request->target)
                name = service_action_name(request, &params);
        params_done(&params);
        return name ? name : xstrdup("");
}

static bool check_version(struct call *call)
{
        const struct sim_service *service = &sim_services[call->action->service];
        const char *version = param(&call->params, "Version");

        return !service->version || streq(version, service->version) ||
               fail(call, "NoSuchVersion",
                    "The requested version (%s) of service %s does not exist",
                    version ? version : "none", service->title);
}

static bool perform(struct call *call, const char *name)
{
        bool dry = false;

        if (!call->action || call->action->service != call->service)
                return fail(call, "InvalidAction",
                            "The action %s is not valid for this web service.",
                            name ? name : "(none)");
        if (!check_version(call) || !action_take_tokens(call) || !action_check_parameters(call) ||
            !read_bool(call, "DryRun", &dry))
                return false;
        if (dry)
                return fail(call, "DryRunOperation",
                            "Request would have succeeded, but DryRun flag is set.");
        return call->action->run(call);
}

static void write_error(struct sim_reply *ret, const struct call *call, int status)
{
        service_write_error(call->service, ret, status, call->code, call->message);
}

/* The wrong reply of a fault, in place of the true one. */
static void write_fault(struct sim_reply *ret, struct call *call, const struct fault *fault)
{
        const char *message = fault->message ? fault->message : "Injected by the simulation.";

        switch (fault->kind) {
        case FAULT_THROTTLE:
                (void)fail(call, "RequestLimitExceeded", "Request limit exceeded.");
                write_error(ret, call, call->status);
                return;
        case FAULT_ERROR:
                (void)fail(call, fault->code, "%s", message);
                write_error(ret, call, fault->status ? (int)fault->status : call->status);
                return;
        case FAULT_HTTP500:
                ret->status = 500;
                ret->content_type = "text/xml;charset=UTF-8";
                ret->body = xstrdup("");
                return;
        case FAULT_HTML502:
                ret->status = 502;
                ret->content_type = "text/html";
                ret->body = xstrdup(html502);
                ret->size = sizeof(html502) - 1;
                return;
        case FAULT_DROP_BEFORE:
        case FAULT_DROP_AFTER:
        case FAULT_TRUNCATE:
        case FAULT_SLOW:
        case FAULT_DELAY:
        case FAULT_KINDS:
                return;
        }
}

static void new_request_id(struct sim *sim, struct sim_reply *ret)
{
        uint64_t a = sim_random(sim), b = sim_random(sim);

        (void)snprintf(ret->request_id, sizeof(ret->request_id),
                       "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64 "-%012" PRIx64,
                       a >> 32, a >> 16 & 0xffff, a & 0xfff, b >> 48 & 0xfff,
                       b & UINT64_C(0xffffffffffff));
}

static void answer(struct call *call, const char *name, const struct fault *fault,
                   struct sim_reply *ret)
{
        if (fault && !fault_infos[fault->kind].performed) {
                write_fault(ret, call, fault);
                return;
        }
        call->status = 200;
        if (perform(call, name))
                service_write_result(ret, call);
        else
                write_error(ret, call, call->status);
}

static void deliver(const struct fault *fault, struct sim_reply *ret)
{
        if (!fault)
                return;
        ret->delivery = fault_infos[fault->kind].delivery;
        if (fault->kind == FAULT_SLOW)
                ret->drip = fault->seconds;
        else
                ret->delay = fault->seconds;
}

static void answer_request(struct call *call, const struct sim_request *request,
                           const struct fault **fault, struct sim_reply *ret)
{
        bool good = service_params(request, &call->params);
        _cleanup_free_ char *name = service_action_name(request, &call->params);

        call->service = service_of(request, &call->params);
        if (!good) {
                (void)fail(call, "MalformedQueryString", "The request cannot be read");
                write_error(ret, call, call->status);
                return;
        }
        call->owners = param_list(&call->params, "Owner", &call->n_owners);
        call->action = action_find(name);
        *fault = fault_strike(call->sim, name, request->region, request->body, request->size);
        answer(call, name, *fault, ret);
}

void sim_answer(struct sim *sim, usec_t now, const struct sim_request *request,
                struct sim_reply *ret)
{
        const char *account = sim_account(sim, request->access_key);
        struct call call = { .sim = sim,
                             .location = sim_location(sim, account, request->region),
                             .now = now,
                             .json = cJSON_CreateObject() };
        const struct fault *fault = NULL;

        *ret = (struct sim_reply){};
        new_request_id(sim, ret);
        sim_location_sweep(call.location, now);
        sim_settle(call.location, now);
        answer_request(&call, request, &fault, ret);
        deliver(fault, ret);
        ledger_add(sim->ledger, now, request, account, ret->status, call.code,
                   fault            ? fault_infos[fault->kind].name
                   : call.throttled ? "bucket"
                                    : NULL);
        params_done(&call.params);
        free(call.owners);
        text_done(&call.out);
        cJSON_Delete(call.json);
        free(call.code);
        free(call.message);
}

void sim_refuse(struct sim *sim, usec_t now, const struct sim_request *request, const char *code,
                const char *message, struct sim_reply *ret)
{
        struct params params = {};
        enum sim_service_id service;

        *ret = (struct sim_reply){};
        new_request_id(sim, ret);
        (void)service_params(request, &params);
        service = service_of(request, &params);
        code = service_code(service, code);
        service_write_error(service, ret, status_of(code), code, message);
        ledger_add(sim->ledger, now, request, sim_account(sim, request->access_key), ret->status,
                   code, NULL);
        params_done(&params);
}

void sim_reply_done(struct sim_reply *reply)
{
        free(reply->body);
        *reply = (struct sim_reply){};
}
