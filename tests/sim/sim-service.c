/* The services: how requests name their action, how replies and errors are written. */
#include "sim/sim-service.h"

#include <string.h>

#include "base/alloc.h"
#include "sim/sim-actions.h"
#include "sim/sim-json.h"
#include "sim/sim-xml.h"

const struct sim_service sim_services[SIM_SERVICES] = {
        [SIM_EC2] = { "ec2", "2016-11-15", "http://ec2.amazonaws.com/doc/2016-11-15/", "AmazonEC2",
                      NULL },
        [SIM_STS] = { "sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/",
                      "AWSSecurityTokenService", NULL },
        [SIM_ELB] = { "elasticloadbalancing", "2015-12-01",
                      "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
                      "AmazonElasticLoadBalancing", NULL },
        [SIM_AUTOSCALING] = { "autoscaling", "2011-01-01",
                              "http://autoscaling.amazonaws.com/doc/2011-01-01/", "AutoScaling",
                              NULL },
        [SIM_SSM] = { "ssm", NULL, NULL, "AmazonSSM", "AmazonSSM." },
};

/* ---- requests ---- */

static const struct sim_service *json_service(const struct sim_request *request)
{
        for (size_t i = 0; request->target && i < ELEMENTS(sim_services); i++)
                if (sim_services[i].target && startswith(request->target, sim_services[i].target))
                        return &sim_services[i];
        return NULL;
}

bool service_params(const struct sim_request *request, struct params *params)
{
        return request->target ? params_parse_json(params, request->body, request->size)
                               : params_parse(params, request->body, request->size);
}

char *service_action_name(const struct sim_request *request, const struct params *params)
{
        const struct sim_service *service = json_service(request);

        if (!request->target)
                return xstrdup(param(params, "Action"));
        return service ? xstrdup(startswith(request->target, service->target)) : NULL;
}

enum sim_service_id service_of(const struct sim_request *request, const struct params *params)
{
        const struct sim_service *service = json_service(request);
        _cleanup_free_ char *name = service_action_name(request, params);
        const struct sim_action *action = action_find(name);

        if (service)
                return (enum sim_service_id)(service - sim_services);
        if (action)
                return action->service;
        for (enum sim_service_id id = 0; id < SIM_SERVICES; id++)
                if (sim_services[id].version &&
                    streq(sim_services[id].version, param(params, "Version")))
                        return id;
        return SIM_EC2;
}

/* ---- codes ---- */

/* The names of one error in the protocols; a code that has no row is the same in all. */
static const struct {
        const char *ec2, *query, *json;
} vocabulary[] = {
        { "RequestLimitExceeded", "Throttling", "ThrottlingException" },
        { "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException" },
        { "InvalidClientTokenId", "InvalidClientTokenId", "UnrecognizedClientException" },
        { "RequestExpired", "RequestExpired", "InvalidSignatureException" },
        { "ExpiredToken", "ExpiredToken", "ExpiredTokenException" },
        { "SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException" },
        { "MissingAuthenticationToken", "MissingAuthenticationToken",
          "MissingAuthenticationTokenException" },
        { "InternalError", "InternalFailure", "InternalServerError" },
        { "UnauthorizedOperation", "AccessDenied", "AccessDeniedException" },
        { "UnknownParameter", "ValidationError", "ValidationException" },
        { "MissingParameter", "ValidationError", "ValidationException" },
        { "InvalidParameterValue", "ValidationError", "ValidationException" },
        { "InvalidNextToken", "InvalidNextToken", "InvalidNextToken" },
        { "MalformedQueryString", "MalformedQueryString", "SerializationException" },
        { "InvalidAction", "InvalidAction", "UnknownOperationException" },
};

const char *service_code(enum sim_service_id service, const char *code)
{
        bool json = sim_services[service].target != NULL;

        if (service == SIM_EC2)
                return streq(code, "ExpiredToken") ? "RequestExpired" : code;
        for (size_t i = 0; i < ELEMENTS(vocabulary); i++)
                if (streq(vocabulary[i].ec2, code))
                        return json ? vocabulary[i].json : vocabulary[i].query;
        return code;
}

/* ---- replies ---- */

#define XML_START "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static void set_xml(struct sim_reply *ret, struct text *text)
{
        ret->content_type = "text/xml;charset=UTF-8";
        ret->size = text_size(text);
        ret->body = text_steal(text);
}

static void set_json(struct sim_reply *ret, cJSON *document)
{
        ret->content_type = "application/x-amz-json-1.1";
        ret->body = cJSON_PrintUnformatted(document);
        ret->size = strlen(ret->body);
}

static void write_json_error(struct sim_reply *ret, const char *code, const char *message)
{
        cJSON *document = cJSON_CreateObject();

        json_text(document, "__type", code);
        json_text(document, "message", message);
        set_json(ret, document);
        cJSON_Delete(document);
}

/* EC2's error envelope has no namespace and writes RequestID; the query protocol has its own. */
void service_write_error(enum sim_service_id id, struct sim_reply *ret, int status,
                         const char *code, const char *message)
{
        const struct sim_service *service = &sim_services[id];
        _cleanup_(text_done) struct text text = {};
        bool ec2 = id == SIM_EC2;

        ret->status = status;
        if (service->target) {
                write_json_error(ret, code, message);
                return;
        }
        text_append(&text, XML_START);
        if (ec2)
                text_append(&text, "<Response><Errors><Error>");
        else
                text_printf(&text, "<ErrorResponse xmlns=\"%s\"><Error><Type>%s</Type>",
                            service->space, status < 500 ? "Sender" : "Receiver");
        xml_text(&text, "Code", code);
        xml_text(&text, "Message", message);
        text_append(&text, ec2 ? "</Error></Errors>" : "</Error>");
        xml_text(&text, ec2 ? "RequestID" : "RequestId", ret->request_id);
        text_append(&text, ec2 ? "</Response>" : "</ErrorResponse>");
        set_xml(ret, &text);
}

void service_write_result(struct sim_reply *ret, struct call *call)
{
        const struct sim_service *service = &sim_services[call->action->service];
        _cleanup_(text_done) struct text text = {};
        const char *name = call->action->name;

        ret->status = 200;
        if (service->target) {
                set_json(ret, call->json);
                return;
        }
        text_append(&text, XML_START);
        text_printf(&text, "<%sResponse xmlns=\"%s\">", name, service->space);
        if (call->action->service == SIM_EC2)
                xml_text(&text, "requestId", ret->request_id);
        else
                text_printf(&text, "<%sResult>", name);
        text_write(&text, text_get(&call->out), text_size(&call->out));
        if (call->action->service != SIM_EC2)
                text_printf(&text,
                            "</%sResult><ResponseMetadata><RequestId>%s</RequestId>"
                            "</ResponseMetadata>",
                            name, ret->request_id);
        text_printf(&text, "</%sResponse>", name);
        set_xml(ret, &text);
}
