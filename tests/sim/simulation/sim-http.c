/* http.h, with the simulated EC2 at the other end. */
#include "sim/simulation/sim-http.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/http-date.h"
#include "sim/sim-role.h"
#include "sim/sim-world.h"

/* The timeout of a request without one of its own. */
#define TIMEOUT (60 * USEC_PER_SEC)
/* The difference to a signature's date that AWS accepts. */
#define SKEW_MOST ((usec_t)5 * 60 * USEC_PER_SEC)

/* A request on its way. It belongs to the cloud, because its sender may be gone. */
struct flight {
        struct cloud *cloud;
        struct timer *timer;
        struct http_slot *slot; /* NULL: the sender waits no more */
        enum network_outcome outcome;
        usec_t back; /* travel time of the answer */
        usec_t signed_at;
        uint64_t number;
        char *region, *access_key, *action, *target, *body;
        size_t size;
        bool answered;
        struct sim_reply reply;
        struct flight *next;
};

struct http_slot {
        struct http *http;
        http_done_fn *done;
        void *userdata;
        struct timer *timer; /* the timeout */
        struct flight *flight;
        enum http_outcome gives_up_as;
        const char *why;
        struct http_slot *next;
};

struct http {
        struct cloud *cloud;
        struct loop *loop;
        struct http_slot *slots;
};

/* ---- reading requests ---- */

/* "Credential=KEY/20270101/REGION/ec2/aws4_request, ..." */
static void read_authorization(struct flight *flight, const char *value)
{
        const char *key = value ? strstr(value, "Credential=") : NULL;
        size_t length;

        assert(key);
        key += strlen("Credential=");
        length = strcspn(key, "/");
        flight->access_key = xstrndup(key, length);
        key += length + 1; /* the date */
        key += strcspn(key, "/") + 1;
        flight->region = xstrndup(key, strcspn(key, "/"));
}

static const char *header(const struct http_request *request, const char *name)
{
        for (size_t i = 0; i < HTTP_HEADERS_MAX && request->headers[i].name; i++)
                if (streq(request->headers[i].name, name))
                        return request->headers[i].value;
        return NULL;
}

static char *action_of(const struct http_request *request)
{
        return sim_action(&(struct sim_request){ .target = header(request, "X-Amz-Target"),
                                                 .body = request->body,
                                                 .size = request->body_size });
}

static int number_at(const char *text, size_t at, int digits)
{
        int value = 0;

        for (int i = 0; i < digits; i++)
                value = value * 10 + (text[at + (size_t)i] - '0');
        return value;
}

/* 20270101T000000Z */
static usec_t read_date(const char *text)
{
        struct civil civil;

        assert(text && strlen(text) == 16);
        civil = (struct civil){ .year = number_at(text, 0, 4),
                                .month = number_at(text, 4, 2),
                                .day = number_at(text, 6, 2),
                                .hour = number_at(text, 9, 2),
                                .minute = number_at(text, 11, 2),
                                .second = number_at(text, 13, 2) };
        return sec_from_civil(&civil) * USEC_PER_SEC;
}

/* ---- flights ---- */

static void flight_free(struct flight *flight)
{
        struct flight **at;

        for (at = &flight->cloud->flights; *at != flight; at = &(*at)->next)
                ;
        *at = flight->next;
        if (flight->slot)
                flight->slot->flight = NULL;
        timer_free(flight->timer);
        sim_reply_done(&flight->reply);
        free(flight->region);
        free(flight->access_key);
        free(flight->action);
        free(flight->target);
        free(flight->body);
        free(flight);
}

static void answer_slot(struct http_slot *slot, const struct http_reply *reply)
{
        timer_disarm(slot->timer);
        slot->flight = NULL;
        slot->done(reply, slot->userdata); /* may free the slot */
}

static void answer_failed(struct http_slot *slot, enum http_outcome outcome, const char *why)
{
        answer_slot(slot, &(struct http_reply){ .outcome = outcome, .error = why, .body = "" });
}

static void deliver(struct flight *flight)
{
        static const char page[] = "<html><head><title>502 Bad Gateway</title></head>"
                                   "<body><h1>Bad Gateway</h1></body></html>";
        static const int page_statuses[] = { 502, 403, 400, 302, 200, 407, 429, 404 };
        struct http_slot *slot = flight->slot;
        struct cloud *cloud = flight->cloud;
        struct http_reply reply = { .outcome = HTTP_ANSWERED,
                                    .status = flight->reply.status,
                                    .body = flight->reply.body ? flight->reply.body : "",
                                    .body_size = flight->reply.size,
                                    .content_type = flight->reply.content_type,
                                    .request_id = flight->reply.request_id[0]
                                                          ? flight->reply.request_id
                                                          : NULL };
        char date[TIME_TEXT_MAX];

        slot->flight = NULL;
        flight->slot = NULL;
        reply.date = format_http_date(virtual_true_time(cloud->clock) / USEC_PER_SEC, date);
        switch (flight->outcome) {
        case NETWORK_LOST_BEFORE:
        case NETWORK_LOST_AFTER:
        case NETWORK_TRUNCATED:
        case NETWORK_UNSENT:
                answer_failed(slot, HTTP_LOST, "Connection reset by peer");
                return;
        case NETWORK_GARBLED:
                flight->reply.size /= 2;
                if (flight->reply.body)
                        flight->reply.body[flight->reply.size] = '\0';
                reply.body_size = flight->reply.size;
                break;
        case NETWORK_HTML:
        case NETWORK_HTML_AFTER:
                reply.status = page_statuses[flight->number % ELEMENTS(page_statuses)];
                reply.body = page;
                reply.body_size = sizeof(page) - 1;
                reply.content_type = "text/html";
                reply.request_id = NULL;
                break;
        case NETWORK_500:
        case NETWORK_503:
                reply.status = flight->outcome == NETWORK_500 ? 500 : 503;
                reply.body = "";
                reply.body_size = 0;
                break;
        case NETWORK_THROTTLED:
        case NETWORK_ANSWERED:
                break;
        }
        answer_slot(slot, &reply);
}

/* Errors of a role: its keys end, and an administrator says who may take it. */
static const char *role_error(const struct flight *flight, const char **ret_message)
{
        const struct cloud *cloud = flight->cloud;
        usec_t ends;

        if (role_key(flight->access_key, &ends)) {
                *ret_message = "The security token included in the request is expired";
                return virtual_true_time(cloud->clock) >= ends ? "ExpiredToken" : NULL;
        }
        *ret_message = "User: arn:aws:iam::123456789012:user/sim is not authorized to perform: "
                       "sts:AssumeRole on resource: arn:aws:iam::123456789012:role/amid";
        return cloud->distrusted && streq(flight->action, "AssumeRole") ? "UnauthorizedOperation"
                                                                        : NULL;
}

static const char *credentials_error(const struct flight *flight, const char **ret_message)
{
        const struct cloud *cloud = flight->cloud;
        bool by_role = role_key(flight->access_key, &(usec_t){ 0 });
        usec_t skew = flight->signed_at - virtual_true_time(cloud->clock);

        if (flight->outcome == NETWORK_THROTTLED) {
                *ret_message = "Request limit exceeded.";
                return "RequestLimitExceeded";
        }
        if (cloud->expired ||
            (cloud->access_key && !by_role && !streq(cloud->access_key, flight->access_key))) {
                *ret_message = "The security token included in the request is expired";
                return cloud->expired ? "RequestExpired" : "AuthFailure";
        }
        if (skew > SKEW_MOST || skew < -SKEW_MOST) {
                *ret_message = "Request has expired.";
                return "RequestExpired";
        }
        return role_error(flight, ret_message);
}

static void ask_model(struct flight *flight)
{
        struct cloud *cloud = flight->cloud;
        usec_t now = virtual_true_time(cloud->clock);
        struct sim_request request = { .region = flight->region,
                                       .access_key = flight->access_key,
                                       .target = flight->target,
                                       .body = flight->body,
                                       .size = flight->size };
        struct cloud_request seen = { .action = flight->action,
                                      .region = flight->region,
                                      .by_role = role_key(flight->access_key, &(usec_t){ 0 }),
                                      .body = flight->body };
        const char *message, *code = credentials_error(flight, &message);
        _cleanup_free_ char *error = NULL;

        const struct answer_fault *fault =
                code || !network_outcome_is_acted_on(flight->outcome)
                        ? NULL
                        : answer_faults_match(&cloud->answer_faults, cloud->clock->now,
                                              flight->action, flight->region, flight->body,
                                              flight->size);

        if (code) {
                sim_refuse(cloud->sim, now, &request, code, message, &flight->reply);
        } else if (network_outcome_is_acted_on(flight->outcome) && (!fault || fault->acted)) {
                cloud->hooks.before(&seen, cloud->hooks.userdata);
                cloud->sim->page_max = cloud->short_pages && dice_chance(&cloud->dice, 0.3)
                                               ? (unsigned int)dice_between(&cloud->dice, 1, 8)
                                               : 0;
                sim_answer(cloud->sim, now, &request, &flight->reply);
                seen.succeeded = flight->reply.status == 200;
                seen.heard = flight->outcome == NETWORK_ANSWERED && flight->slot && !fault;
                seen.answer = flight->reply.body;
                seen.answer_size = flight->reply.size;
                cloud->hooks.after(&seen, cloud->hooks.userdata);
                error = seen.succeeded   ? NULL
                        : flight->target ? answer_member(&seen, "__type")
                                         : answer_element(&seen, "Code");
        } else if (fault) {
                cloud->hooks.refused(&seen, !fault->error || fault->error->may_have_acted,
                                     cloud->hooks.userdata);
        }
        if (fault)
                answer_fault_reply(fault, flight->action, &flight->reply);
        trace_line(cloud->trace, "< %" PRIu64 " %s%s%s%s", flight->number, flight->action,
                   code    ? " refused: "
                   : error ? " error: "
                           : "",
                   code    ? code
                   : error ? error
                           : "",
                   fault ? "; answered otherwise" : "");
}

/* The request arrives, and later its answer does. */
static void on_flight(void *userdata)
{
        struct flight *flight = userdata;

        if (!flight->answered) {
                flight->answered = true;
                ask_model(flight);
                timer_arm(flight->timer, flight->back);
                return;
        }
        if (flight->slot)
                deliver(flight);
        flight_free(flight);
}

/* ---- http.h ---- */

struct http *cloud_http_new(struct cloud *cloud, struct loop *loop)
{
        struct http *http = xnew(struct http);

        http->cloud = cloud;
        http->loop = loop;
        return http;
}

struct http *http_free(struct http *http)
{
        if (!http)
                return NULL;
        for (struct http_slot *slot = http->slots; slot; slot = slot->next) {
                if (slot->flight)
                        slot->flight->slot = NULL;
                slot->flight = NULL;
                timer_disarm(slot->timer);
                slot->http = NULL;
        }
        free(http);
        return NULL;
}

static void on_give_up(void *userdata)
{
        struct http_slot *slot = userdata;

        if (slot->flight)
                slot->flight->slot = NULL;
        answer_failed(slot, slot->gives_up_as, slot->why);
}

static void launch(struct http_slot *slot, const struct http_request *request,
                   enum network_outcome outcome)
{
        struct cloud *cloud = slot->http->cloud;
        struct flight *flight = xnew(struct flight);

        flight->cloud = cloud;
        flight->timer = timer_new(cloud->loop, on_flight, flight);
        flight->slot = slot;
        flight->outcome = outcome;
        flight->back = network_draw_latency(&cloud->network, &cloud->dice);
        flight->signed_at = read_date(header(request, "X-Amz-Date"));
        flight->number = cloud->requests;
        flight->body = xstrndup(request->body, request->body_size);
        flight->size = request->body_size;
        flight->target = xstrdup(header(request, "X-Amz-Target"));
        flight->action = action_of(request);
        read_authorization(flight, header(request, "Authorization"));
        flight->next = cloud->flights;
        cloud->flights = flight;
        slot->flight = flight;
        timer_arm(flight->timer, network_draw_latency(&cloud->network, &cloud->dice));
}

struct http_slot *http_send(struct http *http, const struct http_request *request,
                            http_done_fn *done, void *userdata)
{
        struct cloud *cloud = http->cloud;
        struct http_slot *slot = xnew(struct http_slot);
        _cleanup_free_ char *action = action_of(request);
        enum network_outcome outcome;

        slot->http = http;
        slot->done = done;
        slot->userdata = userdata;
        slot->timer = timer_new(http->loop, on_give_up, slot);
        slot->next = http->slots;
        http->slots = slot;
        if (!cloud->cut)
                cloud->hooks.moment(CLOUD_SENDING, action, NULL, cloud->hooks.userdata);
        if (cloud->cut)
                return slot;
        outcome = network_draw_outcome(&cloud->network, &cloud->dice);
        cloud->requests++;
        cloud->faults += outcome != NETWORK_ANSWERED;
        trace_line(cloud->trace, "> %" PRIu64 " %s%s%s", cloud->requests, action,
                   outcome == NETWORK_ANSWERED ? "" : ": ",
                   outcome == NETWORK_ANSWERED ? "" : network_outcome_names[outcome]);
        if (outcome == NETWORK_UNSENT) {
                slot->gives_up_as = HTTP_UNSENT;
                slot->why = "Could not connect";
                timer_arm(slot->timer, dice_between(&cloud->dice, 1, 5000) * USEC_PER_MSEC);
                return slot;
        }
        launch(slot, request, outcome);
        slot->gives_up_as = HTTP_LOST;
        slot->why = "Timeout was reached";
        timer_arm(slot->timer, request->timeout ? request->timeout : TIMEOUT);
        cloud->hooks.moment(CLOUD_SENT, action, slot->flight->region, cloud->hooks.userdata);
        return slot;
}

struct http_slot *http_slot_free(struct http_slot *slot)
{
        struct http_slot **at;

        if (!slot)
                return NULL;
        if (slot->flight)
                slot->flight->slot = NULL;
        if (slot->http) {
                for (at = &slot->http->slots; *at != slot; at = &(*at)->next)
                        ;
                *at = slot->next;
        }
        timer_free(slot->timer);
        free(slot);
        return NULL;
}

/* ---- the cloud ---- */

void cloud_init(struct cloud *cloud, struct virtual_clock *clock, struct loop *loop,
                struct trace *trace, uint64_t seed)
{
        *cloud = (struct cloud){ .sim = sim_new(&(struct sim_options){ .seed = seed }),
                                 .clock = clock,
                                 .loop = loop,
                                 .trace = trace,
                                 .dice = dice_new(seed, "cloud") };
}

void cloud_done(struct cloud *cloud)
{
        for (struct flight *flight = cloud->flights, *next; flight; flight = next) {
                next = flight->next;
                flight_free(flight);
        }
        free(cloud->access_key);
        answer_faults_clear(&cloud->answer_faults);
        sim_free(cloud->sim);
}
