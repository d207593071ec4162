/*
 * One call, from the governor to the last page:
 *
 *     ticket -> credentials -> sign -> send -> decode -> decide --> next page, again, or done
 *       ^                                                  |
 *       `--------------------------------------------------'
 */
#include "aws/call.h"

#include <string.h>

#include "aws/retry.h"
#include "aws/sign.h"
#include "aws/wire.h"
#include "base/alloc.h"
#include "base/text.h"

enum { PAGES_MAX = 10000 };

struct aws_slot {
        const struct tools *tools;
        struct aws_account *account; /* or NULL */
        struct place *place;
        struct keyring *keyring;   /* who signs; NULL: */
        struct credentials *fixed; /* these, or nobody */
        const struct action *action;
        char *body; /* that asks for the first page */
        aws_done_fn *done;
        void *userdata;

        struct timer *timer; /* the next attempt, or the end of what could not start */
        struct ticket *ticket;
        struct keyring_wait *wait;
        struct credentials *credentials; /* those of the present attempt */
        struct http_slot *http;
        struct retry retry;
        unsigned int attempts, pages;

        void *output;
        struct shape_decoded decoded; /* of the last readable reply */
        char *message;                /* for people, where AWS gave none */
        int status;
};

static void enter(struct aws_slot *slot);

/* ---- the end ---- */

static void release_attempt(struct aws_slot *slot)
{
        slot->http = http_slot_free(slot->http);
        slot->wait = keyring_wait_free(slot->wait);
        slot->ticket = ticket_free(slot->ticket);
        slot->credentials = credentials_unref(slot->credentials);
}

static void free_output(const struct action *action, void *output)
{
        if (output)
                shape_done(action->output, output);
        free(output);
}

/* The callback may free the slot: what it is shown is taken out first. */
static void finish(struct aws_slot *slot, enum aws_outcome outcome)
{
        const struct action *action = slot->action;
        struct shape_decoded decoded = slot->decoded;
        _cleanup_free_ char *message = steal(slot->message);
        _cleanup_free_ char *code = NULL;
        void *output = steal(slot->output);

        slot->decoded = (struct shape_decoded){};
        release_attempt(slot);
        if (outcome == AWS_ERROR && !decoded.code)
                code = xasprintf("HTTP %d", slot->status);
        slot->done(
                &(struct aws_reply){
                        .outcome = outcome,
                        .output = outcome == AWS_OK ? output : NULL,
                        .code = outcome == AWS_OK ? NULL
                                : decoded.code    ? decoded.code
                                                  : code,
                        .message = decoded.message ? decoded.message : message,
                        .request_id = decoded.request_id,
                        .status = slot->status,
                        .attempts = slot->attempts,
                },
                slot->userdata);
        shape_decoded_done(&decoded);
        free_output(action, output);
}

struct aws_slot *aws_slot_free(struct aws_slot *slot)
{
        if (!slot)
                return NULL;
        release_attempt(slot);
        timer_free(slot->timer);
        free_output(slot->action, slot->output);
        shape_decoded_done(&slot->decoded);
        free(slot->message);
        free(slot->body);
        credentials_unref(slot->fixed);
        aws_account_unref(slot->account);
        free(slot);
        return NULL;
}

/* ---- what came back ---- */

static void set_message(struct aws_slot *slot, char *message)
{
        free(slot->message);
        slot->message = message;
}

static void again(struct aws_slot *slot, usec_t after)
{
        release_attempt(slot);
        timer_arm(slot->timer, after);
}

static bool is_web_page(const struct http_reply *reply)
{
        return reply->content_type && startswith(reply->content_type, "text/html");
}

/* Reads the reply into the slot; false when it is none of AWS's. */
static bool read_reply(struct aws_slot *slot, const struct http_reply *reply)
{
        struct shape_decoded decoded;
        _cleanup_free_ char *error = NULL;

        shape_decoded_done(&slot->decoded);
        set_message(slot, NULL);
        slot->status = reply->status;
        if (reply->outcome != HTTP_ANSWERED) {
                set_message(slot, xstrdup(reply->error));
                return false;
        }
        if (wire_decode(slot->action, slot->output, reply, &decoded, &error) < 0) {
                set_message(slot,
                            xasprintf("HTTP %d with an unreadable answer: %s%s", reply->status,
                                      error,
                                      is_web_page(reply)
                                              ? "; it is a web page, maybe of a proxy on the way"
                                              : ""));
                slot->decoded.request_id = xstrdup(reply->request_id);
                return false;
        }
        slot->decoded = decoded;
        if (!slot->decoded.request_id)
                slot->decoded.request_id = xstrdup(reply->request_id);
        return true;
}

static void take_page(struct aws_slot *slot)
{
        if (!slot->decoded.next_token) {
                finish(slot, AWS_OK);
        } else if (++slot->pages == PAGES_MAX) {
                set_message(slot, xasprintf("more than %d pages", PAGES_MAX));
                finish(slot, AWS_UNREACHABLE);
        } else {
                slot->retry = (struct retry){};
                release_attempt(slot);
                enter(slot);
        }
}

/* Those whose key was fixed have nobody to bring another one. */
static void finish_refused(struct aws_slot *slot)
{
        const struct credentials *credentials = slot->credentials;
        _cleanup_free_ char *said = steal(slot->decoded.message);

        if (credentials)
                slot->decoded.message =
                        xasprintf("%s%saccess key %s of %s", said ? said : "", said ? "; " : "",
                                  credentials->access_key, credentials->source);
        finish(slot, slot->keyring ? AWS_UNSIGNED : AWS_ERROR);
}

static sec_t retry_hint(const struct http_reply *reply)
{
        unsigned long long seconds;

        if (!reply->retry_after || !parse_number(reply->retry_after, RETRY_HINT_MAX, &seconds))
                return 0;
        return (sec_t)seconds;
}

static void on_reply(const struct http_reply *reply, void *userdata)
{
        struct aws_slot *slot = userdata;
        /* A repetition of this page needs the token it was asked with. */
        _cleanup_free_ char *token = steal(slot->decoded.next_token);
        bool readable = read_reply(slot, reply);
        struct attempt attempt = {
                .outcome = reply->outcome,
                .status = reply->status,
                .readable = readable,
                .code = slot->decoded.code,
                .message = slot->decoded.message,
                .repeatable = slot->action->repeatable,
                .hint = retry_hint(reply),
                .random = loop_random(slot->tools->loop),
        };
        sec_t server_time = 0;
        enum verdict verdict;
        usec_t after;

        if (reply->date && parse_http_date(reply->date, &server_time))
                attempt.skew = server_time - place_now(slot->place);
        verdict = retry_decide(&slot->retry, &attempt, &after);
        if (verdict == VERDICT_REFRESH &&
            (!slot->keyring || !keyring_reject(slot->keyring, slot->credentials)))
                verdict = retry_decide(&slot->retry, &attempt, &after);
        if (verdict != VERDICT_GOOD) {
                free(slot->decoded.next_token);
                slot->decoded.next_token = steal(token);
        }
        switch (verdict) {
        case VERDICT_GOOD:
                take_page(slot);
                break;
        case VERDICT_FIX_CLOCK:
                place_set_clock(slot->place, server_time);
                again(slot, 0);
                break;
        case VERDICT_REFRESH:
                again(slot, 0);
                break;
        case VERDICT_AGAIN:
                if (retry_is_throttle(attempt.code, attempt.status))
                        ticket_throttled(slot->ticket);
                again(slot, after);
                break;
        case VERDICT_FINAL:
                finish(slot, AWS_ERROR);
                break;
        case VERDICT_REFUSED:
                finish_refused(slot);
                break;
        case VERDICT_UNKNOWN:
                finish(slot, AWS_UNKNOWN);
                break;
        case VERDICT_UNREACHABLE:
                finish(slot, AWS_UNREACHABLE);
                break;
        }
}

/* ---- what goes out ---- */

/* What the signature adds goes behind these. */
static void add_header(struct http_request *request, const char *name, const char *value)
{
        size_t n = 0;

        while (request->headers[n].name)
                n++;
        request->headers[n] = (struct http_header){ name, value };
}

static void sign_request(const struct aws_slot *slot, const struct http_request *request,
                         struct signature *ret)
{
        const struct endpoint *endpoint = &slot->place->endpoint;
        const struct credentials *credentials = slot->credentials;
        struct http_header headers[HTTP_HEADERS_MAX] = { { "Host", endpoint->host } };
        size_t n = 1;

        for (const struct http_header *header = request->headers; header->name; header++)
                headers[n++] = *header;
        sign(
                &(struct sign_request){
                        .method = request->method,
                        .target = endpoint->target,
                        .headers = headers,
                        .n_headers = n,
                        .body = request->body,
                        .body_size = request->body_size,
                        .region = place_signing_region(slot->place),
                        .service = slot->place->service->name,
                        .now = place_now(slot->place),
                },
                &(struct sign_keys){ credentials->access_key, credentials->secret,
                                     credentials->token },
                ret);
}

static void send(struct aws_slot *slot)
{
        const char *token = slot->decoded.next_token;
        _cleanup_free_ char *page =
                token ? wire_encode_page(slot->action, slot->body, token) : NULL;
        _cleanup_free_ char *target = wire_target(slot->action);
        _cleanup_(signature_done) struct signature signature = {};
        const struct credentials *credentials = slot->credentials;
        struct http_request request = {
                .method = "POST",
                .url = slot->place->endpoint.url,
                .headers = { { "Content-Type", wire_content_type(slot->action) } },
                .body = page ? page : slot->body,
        };

        request.body_size = strlen(request.body);
        if (target)
                add_header(&request, "X-Amz-Target", target);
        if (credentials) {
                sign_request(slot, &request, &signature);
                add_header(&request, "X-Amz-Date", signature.date);
                add_header(&request, "Authorization", signature.authorization);
        }
        if (credentials && credentials->token)
                add_header(&request, "X-Amz-Security-Token", credentials->token);
        slot->attempts++;
        slot->http = http_send(slot->tools->http, &request, on_reply, slot);
}

static void on_credentials(struct credentials *credentials, const char *error, void *userdata)
{
        struct aws_slot *slot = userdata;

        slot->wait = keyring_wait_free(slot->wait);
        if (credentials) {
                slot->credentials = credentials_ref(credentials);
                send(slot);
        } else {
                shape_decoded_done(&slot->decoded);
                set_message(slot, xstrdup(error));
                finish(slot, AWS_UNSIGNED);
        }
}

static void on_granted(void *userdata)
{
        struct aws_slot *slot = userdata;

        slot->credentials =
                credentials_ref(slot->keyring ? keyring_current(slot->keyring) : slot->fixed);
        if (slot->credentials || !slot->keyring)
                send(slot);
        else
                slot->wait = keyring_wait(slot->keyring, on_credentials, slot);
}

static void enter(struct aws_slot *slot)
{
        slot->ticket = governor_enter(slot->place->governor, slot->action, on_granted, slot);
}

static void on_timer(void *userdata)
{
        struct aws_slot *slot = userdata;

        if (slot->place->endpoint_error) {
                set_message(slot, xstrdup(slot->place->endpoint_error));
                finish(slot, AWS_UNREACHABLE);
        } else {
                enter(slot);
        }
}

struct aws_slot *call_new(const struct call_options *options, aws_done_fn *done, void *userdata)
{
        const struct action *action = options->action;
        struct aws_slot *slot = xnew(struct aws_slot);

        *slot = (struct aws_slot){
                .tools = options->tools,
                .account = options->account ? aws_account_ref(options->account) : NULL,
                .place = options->place,
                .keyring = options->keyring,
                .fixed = credentials_ref(options->credentials),
                .action = action,
                .body = wire_encode(action, options->input),
                .done = done,
                .userdata = userdata,
                .output = action->output ? xcalloc(1, action->output->size) : NULL,
        };
        slot->timer = timer_new(slot->tools->loop, on_timer, slot);
        if (slot->place->endpoint_error)
                timer_arm(slot->timer, 0);
        else
                enter(slot);
        return slot;
}

struct aws_slot *aws_call(struct aws_account *account, const char *region,
                          const struct action *action, const void *input, aws_done_fn *done,
                          void *userdata)
{
        return call_new(
                &(struct call_options){
                        .tools = &account->aws->tools,
                        .place = account_place(account, action->service, region),
                        .action = action,
                        .input = input,
                        .keyring = account->keyring,
                        .account = account,
                },
                done, userdata);
}
