/*
 * One call, from the keys to the last page:
 *
 *     credentials -> ticket -> sign -> send -> decode -> decide --> next page, again, or done
 *       ^                                                  |
 *       `--------------------------------------------------'
 */
#include "aws/call.h"

#include <string.h>

#include "aws/call-private.h"
#include "aws/clock.h"
#include "aws/wire.h"
#include "base/alloc.h"
#include "base/text.h"

static void enter(struct aws_slot *slot);
static void draw(struct aws_slot *slot);

/* ---- what came back ---- */

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

/* Ends the call, or repeats its request `after` so long, as the verdict on the attempt says. */
static void act_on(struct aws_slot *slot, enum verdict verdict, const struct attempt *attempt,
                   sec_t server_time, usec_t after)
{
        switch (verdict) {
        case VERDICT_GOOD:
                slot->place->refused = 0;
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
                if (retry_is_throttle(attempt->code, attempt->status))
                        ticket_throttled(slot->ticket);
                call_tell_retry(slot, after);
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
        /* A repetition of this page needs the token it was asked with. */
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
                attempt.skew = server_time - place_now(slot->place);
        slot->date = server_time;
        if (readable && slot->credentials)
                clock_sample_take(slot->tools->clock, slot->tools->loop, reply->date);
        slot->may_have_acted |= retry_may_have_acted(&attempt);
        verdict = retry_decide(&slot->retry, &attempt, &after);
        if (verdict == VERDICT_REFRESH &&
            (!slot->keyring || !keyring_reject(slot->keyring, slot->credentials)))
                verdict = retry_decide(&slot->retry, &attempt, &after);
        if (verdict != VERDICT_GOOD) {
                free(slot->decoded.next_token);
                slot->decoded.next_token = steal(token);
        }
        act_on(slot, verdict, &attempt, server_time, after);
}

/* ---- what goes out ---- */

static void send(struct aws_slot *slot)
{
        slot->attempts++;
        slot->http = call_send(slot, on_reply, slot);
}

/* A ticket is drawn when there are keys: its token counts from the time it is drawn, not from that
 * of the request. */
static void on_credentials(struct credentials *credentials, const char *error, void *userdata)
{
        struct aws_slot *slot = userdata;

        slot->wait = keyring_wait_free(slot->wait);
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

        slot->credentials =
                credentials_ref(slot->keyring ? keyring_current(slot->keyring) : slot->fixed);
        if (slot->credentials || !slot->keyring) {
                send(slot);
                return;
        }
        slot->ticket = ticket_free(slot->ticket);
        slot->wait = keyring_wait(slot->keyring, on_credentials, slot);
}

static void draw(struct aws_slot *slot)
{
        slot->ticket = governor_enter(slot->place->governor, slot->action, on_granted, slot);
}

static void enter(struct aws_slot *slot)
{
        if (slot->keyring && !keyring_current(slot->keyring))
                slot->wait = keyring_wait(slot->keyring, on_credentials, slot);
        else
                draw(slot);
}

static void on_timer(void *userdata)
{
        struct aws_slot *slot = userdata;

        if (slot->place->endpoint_error) {
                call_message(slot, xstrdup(slot->place->endpoint_error));
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
