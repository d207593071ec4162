/* sim_answer(): from the body of a request to the body of its reply. */
#include <inttypes.h>

#include "base/alloc.h"
#include "sim/sim-actions.h"
#include "sim/sim-fault.h"
#include "sim/sim-log.h"
#include "sim/sim-xml.h"

#define EC2_VERSION "2016-11-15"
#define STS_VERSION "2011-06-15"
#define XML_START   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static const char xml_type[] = "text/xml;charset=UTF-8", html_type[] = "text/html";

static const char html502[] = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
                              "<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
                              "</body>\r\n</html>\r\n";

const char *sim_service(const char *body, size_t size)
{
        struct params params = {};
        const struct sim_action *action;
        bool is_sts;

        if (!params_parse(&params, body, size))
                return "ec2";
        action = action_find(param(&params, "Action"));
        is_sts = (action && action->is_sts) || streq(param(&params, "Version"), STS_VERSION);
        params_done(&params);
        return is_sts ? "sts" : "ec2";
}

static void set_body(struct sim_reply *ret, struct text *text)
{
        ret->content_type = xml_type;
        ret->size = text_size(text);
        ret->body = text_steal(text);
}

/* EC2's error envelope has no namespace and writes RequestID; STS has the one of the query
 * protocol. */
static void write_error(struct sim_reply *ret, bool is_sts, int status, const char *code,
                        const char *message)
{
        _cleanup_(text_done) struct text text = {};

        text_append(&text, XML_START);
        text_append(&text,
                    is_sts ? "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/" STS_VERSION
                             "/\"><Error><Type>Sender</Type>"
                           : "<Response><Errors><Error>");
        xml_text(&text, "Code", code);
        xml_text(&text, "Message", message);
        text_append(&text, is_sts ? "</Error>" : "</Error></Errors>");
        xml_text(&text, is_sts ? "RequestId" : "RequestID", ret->request_id);
        text_append(&text, is_sts ? "</ErrorResponse>" : "</Response>");
        ret->status = status;
        set_body(ret, &text);
}

static void write_result(struct sim_reply *ret, struct call *call)
{
        _cleanup_(text_done) struct text text = {};
        const char *name = call->action->name;

        text_append(&text, XML_START);
        if (call->action->is_sts) {
                text_printf(&text,
                            "<%sResponse xmlns=\"https://sts.amazonaws.com/doc/" STS_VERSION "/\">"
                            "<%sResult>",
                            name, name);
                text_write(&text, text_get(&call->out), text_size(&call->out));
                text_printf(&text,
                            "</%sResult><ResponseMetadata><RequestId>%s</RequestId>"
                            "</ResponseMetadata></%sResponse>",
                            name, ret->request_id, name);
        } else {
                text_printf(&text,
                            "<%sResponse xmlns=\"http://ec2.amazonaws.com/doc/" EC2_VERSION "/\">",
                            name);
                xml_text(&text, "requestId", ret->request_id);
                text_write(&text, text_get(&call->out), text_size(&call->out));
                text_printf(&text, "</%sResponse>", name);
        }
        ret->status = 200;
        set_body(ret, &text);
}

static bool check_version(struct call *call)
{
        const char *version = param(&call->params, "Version");
        const char *wanted = call->action->is_sts ? STS_VERSION : EC2_VERSION;

        return streq(version, wanted) ||
               fail(call, "NoSuchVersion",
                    "The requested version (%s) of service %s does not exist",
                    version ? version : "none",
                    call->action->is_sts ? "AWSSecurityTokenService" : "AmazonEC2");
}

static bool perform(struct call *call)
{
        const char *name = param(&call->params, "Action");
        bool dry;

        call->action = action_find(name);
        if (!call->action)
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

/* What a fault puts in the place of an answer. */
static void write_fault(struct sim_reply *ret, struct call *call, const struct fault *fault)
{
        bool is_sts = call->action && call->action->is_sts;
        const char *message = fault->message ? fault->message : "Injected by the simulation.";

        switch (fault->kind) {
        case FAULT_THROTTLE:
                (void)fail(call, "RequestLimitExceeded", "Request limit exceeded.");
                write_error(ret, is_sts, call->status, call->code, call->message);
                return;
        case FAULT_ERROR:
                (void)fail(call, fault->code, "%s", message);
                write_error(ret, is_sts, fault->status ? (int)fault->status : call->status,
                            call->code, call->message);
                return;
        case FAULT_HTTP500:
                ret->status = 500;
                ret->content_type = xml_type;
                ret->body = xstrdup("");
                return;
        case FAULT_HTML502:
                ret->status = 502;
                ret->content_type = html_type;
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

static void answer(struct call *call, const struct fault *fault, struct sim_reply *ret)
{
        if (fault && !fault_infos[fault->kind].performed) {
                write_fault(ret, call, fault);
                return;
        }
        call->status = 200;
        if (perform(call))
                write_result(ret, call);
        else
                write_error(ret, call->action && call->action->is_sts, call->status, call->code,
                            call->message);
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

void sim_answer(struct sim *sim, usec_t now, const struct sim_request *request,
                struct sim_reply *ret)
{
        const char *account = sim_account(sim, request->access_key);
        struct call call = { .sim = sim,
                             .place = sim_place(sim, account, request->region),
                             .now = now };
        const struct fault *fault = NULL;

        *ret = (struct sim_reply){};
        new_request_id(sim, ret);
        place_sweep(call.place, now);
        if (!params_parse(&call.params, request->body, request->size)) {
                (void)fail(&call, "MalformedQueryString", "The query string is malformed");
                write_error(ret, false, call.status, call.code, call.message);
        } else {
                const char *name = param(&call.params, "Action");

                call.owners = param_list(&call.params, "Owner", &call.n_owners);
                call.action = action_find(name);
                fault = fault_strike(sim, name, request->region, request->body, request->size);
                answer(&call, fault, ret);
        }
        deliver(fault, ret);
        ledger_add(sim->ledger, now, request, account, ret->status, call.code,
                   fault                                      ? fault_infos[fault->kind].name
                   : streq(call.code, "RequestLimitExceeded") ? "bucket"
                                                              : NULL);
        params_done(&call.params);
        free(call.owners);
        text_done(&call.out);
        free(call.code);
        free(call.message);
}

void sim_refuse(struct sim *sim, usec_t now, const struct sim_request *request, const char *code,
                const char *message, struct sim_reply *ret)
{
        bool is_sts = streq(sim_service(request->body, request->size), "sts");

        *ret = (struct sim_reply){};
        new_request_id(sim, ret);
        write_error(ret, is_sts, status_of(code), code, message);
        ledger_add(sim->ledger, now, request, sim_account(sim, request->access_key), ret->status,
                   code, NULL);
}

void sim_reply_done(struct sim_reply *reply)
{
        free(reply->body);
        *reply = (struct sim_reply){};
}
