/*
 * The course of a call, from the credentials to the last page:
 *
 *     credentials -> ticket -> sign -> send -> decode -> decide --> next page, again, or done
 *       ^                                                  |
 *       `--------------------------------------------------'
 */
#include "aws/request/call.h"

#include <string.h>

#include "aws/request/call-private.h"
#include "aws/request/clock.h"
#include "aws/request/wire.h"
#include "base/alloc.h"
#include "base/text.h"

static void enter(struct aws_slot *slot);
static void draw(struct aws_slot *slot);

/* ---- reply ---- */

static void again(struct aws_slot *slot, usec_t after)
{
        call_release(slot);
        timer_arm(slot->timer, after);
}

static void take_page(struct aws_slot *slot)
{
        char *why = call_count_page(slot);

        if (why) {
                call_message(slot, why);
                call_finish(slot, AWS_UNREACHABLE);
        } else if (!slot->decoded.next_token) {
                call_finish(slot, AWS_OK);
        } else {
                slot->retry = (struct retry){};
                slot->asked = loop_monotonic(slot->tools->loop);
                call_release(slot);
                enter(slot);
        }
}

static sec_t retry_hint(const struct http_reply *reply)
{
        unsigned long long seconds;

        if (!reply->retry_after || !parse_number(reply->retry_after, RETRY_HINT_MAX, &seconds))
                return 0;
        return (sec_t)seconds;
}

/* Ends the call, or repeats the request after `after`, by the verdict on the attempt. */
static void act_on(struct aws_slot *slot, enum verdict verdict, const struct attempt *attempt,
                   sec_t server_time, usec_t after)
{
        switch (verdict) {
        case VERDICT_GOOD:
                slot->endpoint->refused = 0;
                take_page(slot);
                break;
        case VERDICT_FIX_CLOCK:
                service_endpoint_set_clock(slot->endpoint, server_time);
                again(slot, 0);
                break;
        case VERDICT_REFRESH:
                again(slot, 0);
                break;
        case VERDICT_AGAIN:
                if (retry_is_throttle(attempt->code, attempt->status))
                        ticket_throttled(slot->ticket);
                call_report_retry(slot, after);
                again(slot, after);
                break;
        case VERDICT_FINAL:
                call_finish_final(slot);
                break;
        case VERDICT_REFUSED:
                call_finish_refused(slot);
                break;
        case VERDICT_UNKNOWN:
                call_finish(slot, AWS_UNKNOWN);
                break;
        case VERDICT_UNREACHABLE:
                call_finish(slot, AWS_UNREACHABLE);
                break;
        }
}

static void on_reply(const struct http_reply *reply, void *userdata)
{
        struct aws_slot *slot = userdata;
        /* Until the next page is requested, a repetition of this page still needs its own token. */
        _cleanup_free_ char *token = steal(slot->decoded.next_token);
        bool readable = call_read(slot, reply);
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
                attempt.skew = server_time - service_endpoint_now(slot->endpoint);
        slot->date = server_time;
        if (readable && slot->credentials)
                clock_sample_take(slot->tools->clock, slot->tools->loop, reply->date);
        slot->may_have_acted |= retry_may_have_acted(&attempt);
        verdict = retry_decide(&slot->retry, &attempt, &after);
        if (verdict == VERDICT_REFRESH &&
            (!slot->signer || !slot->signer->ops->reject(slot->signer, slot->credentials)))
                verdict = retry_decide(&slot->retry, &attempt, &after);
        if (verdict != VERDICT_GOOD) {
                free(slot->decoded.next_token);
                slot->decoded.next_token = steal(token);
        }
        act_on(slot, verdict, &attempt, server_time, after);
}

/* ---- request ---- */

static void send(struct aws_slot *slot)
{
        slot->attempts++;
        slot->http = call_send(slot, on_reply, slot);
}

/* The ticket is drawn only now, with credentials at hand: its token of the bucket is used up when
 * the ticket is granted, not when the request is sent. */
static void on_credentials(struct credentials *credentials, const char *error, void *userdata)
{
        struct aws_slot *slot = userdata;

        slot->signer->ops->wait_free(steal(slot->wait));
        if (credentials) {
                draw(slot);
        } else {
                shape_decoded_done(&slot->decoded);
                call_message(slot, xstrdup(error));
                call_finish(slot, AWS_UNSIGNED);
        }
}

static void on_granted(void *userdata)
{
        struct aws_slot *slot = userdata;

        struct signer *signer = slot->signer;

        slot->credentials = credentials_ref(signer ? signer->ops->current(signer) : slot->fixed);
        if (slot->credentials || !signer) {
                send(slot);
                return;
        }
        slot->ticket = ticket_free(slot->ticket);
        slot->wait = signer->ops->wait(signer, on_credentials, slot);
}

static void draw(struct aws_slot *slot)
{
        slot->ticket = governor_enter(slot->endpoint->governor, slot->action, on_granted, slot);
}

static void enter(struct aws_slot *slot)
{
        struct signer *signer = slot->signer;

        if (signer && !signer->ops->current(signer))
                slot->wait = signer->ops->wait(signer, on_credentials, slot);
        else
                draw(slot);
}

static void on_timer(void *userdata)
{
        struct aws_slot *slot = userdata;

        if (slot->endpoint->endpoint_error) {
                call_message(slot, xstrdup(slot->endpoint->endpoint_error));
                call_finish(slot, AWS_UNREACHABLE);
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
                .endpoint = options->endpoint,
                .signer = options->signer,
                .owner = options->owner,
                .release = options->release,
                .held = options->held,
                .fixed = credentials_ref(options->credentials),
                .action = action,
                .body = wire_encode(action, options->input),
                .done = done,
                .userdata = userdata,
                .output = action->output ? xcalloc(1, action->output->size) : NULL,
        };
        slot->timer = timer_new(slot->tools->loop, on_timer, slot);
        slot->asked = loop_monotonic(slot->tools->loop);
        call_list(slot);
        if (slot->endpoint->endpoint_error)
                timer_arm(slot->timer, 0);
        else
                enter(slot);
        return slot;
}
