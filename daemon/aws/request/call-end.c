/* The end of a call: its reply, and what is asked of STS before it. */
#include <string.h>

#include "aws/request/call-private.h"
#include "base/alloc.h"
#include "base/text.h"

void call_release(struct aws_slot *slot)
{
        slot->http = http_slot_free(slot->http);
        slot->ticket = ticket_free(slot->ticket);
        if (slot->wait)
                slot->signer->ops->wait_free(steal(slot->wait));
        if (slot->explain)
                slot->signer->ops->explain_free(steal(slot->explain));
        if (slot->identify)
                slot->signer->ops->identify_free(steal(slot->identify));
        slot->credentials = credentials_unref(slot->credentials);
}

static void free_output(const struct action *action, void *output)
{
        if (output)
                shape_done(action->output, output);
        free(output);
}

/* The callback may free the slot, so the strings of the reply are moved out of it before. */
void call_finish(struct aws_slot *slot, enum aws_outcome outcome)
{
        const struct action *action = slot->action;
        _cleanup_free_ char *code = steal(slot->decoded.code);
        _cleanup_free_ char *aws_message = steal(slot->decoded.message);
        _cleanup_free_ char *request_id = steal(slot->decoded.request_id);
        _cleanup_free_ char *message = steal(slot->message);
        void *output = steal(slot->output);

        shape_decoded_done(&slot->decoded);
        call_release(slot);
        call_unlist(slot);
        slot->done(
                &(struct aws_reply){
                        .outcome = outcome,
                        .output = outcome == AWS_OK ? output : NULL,
                        .elsewhere = slot->elsewhere,
                        .code = outcome == AWS_OK ? NULL : code,
                        .message = aws_message ? aws_message : message,
                        .request_id = request_id,
                        .owner = slot->owner ? *slot->owner : NULL,
                        .status = slot->status,
                        .attempts = slot->attempts,
                        .may_have_acted = slot->may_have_acted,
                        .date = slot->date,
                },
                slot->userdata);
        free_output(action, output);
}

void aws_slot_watch(struct aws_slot *slot, aws_retry_fn *retry, void *userdata)
{
        slot->retried = retry;
        slot->retried_userdata = userdata;
}

void call_report_retry(struct aws_slot *slot, usec_t after)
{
        const struct shape_decoded *decoded = &slot->decoded;

        if (!slot->retried)
                return;
        slot->retried(slot->action,
                      &(struct aws_reply){
                              .outcome = decoded->code ? AWS_ERROR : AWS_UNREACHABLE,
                              .code = decoded->code,
                              .message = decoded->message ? decoded->message : slot->message,
                              .request_id = decoded->request_id,
                              .owner = slot->owner ? *slot->owner : NULL,
                              .status = slot->status,
                              .attempts = slot->attempts,
                              .may_have_acted = slot->may_have_acted,
                              .date = slot->date,
                      },
                      after, slot->retried_userdata);
}

bool aws_slot_is_queued(const struct aws_slot *slot)
{
        return slot->ticket && !slot->http && !slot->wait && slot->attempts == 0;
}

struct aws_slot *aws_slot_free(struct aws_slot *slot)
{
        if (!slot)
                return NULL;
        call_release(slot);
        call_unlist(slot);
        timer_free(slot->timer);
        free_output(slot->action, slot->output);
        shape_decoded_done(&slot->decoded);
        free(slot->message);
        free(slot->seen_token);
        free(slot->body);
        credentials_unref(slot->fixed);
        if (slot->release)
                slot->release(slot->held);
        free(slot);
        return NULL;
}

/* The last four characters of the access key, which identify it in AWS's tools. */
static const char *key_tail(const char *access_key)
{
        enum { SHOWN = 4, LEAST = 16 };
        size_t size = strlen(access_key);

        return size >= LEAST ? access_key + size - SHOWN : "";
}

/* IAM replicates new and deleted keys to the regions within seconds. STS is asked about a key only
 * after the endpoint has refused it for this long. */
#define KEY_REPLICATION (15 * USEC_PER_SEC)

static void on_identified(struct credentials *credentials, const char *error, void *userdata)
{
        struct aws_slot *slot = userdata;

        (void)error;
        slot->elsewhere = credentials != NULL;
        call_finish(slot, AWS_UNSIGNED);
}

/* Asks STS whether the key is invalid or the region refuses a valid key: GetCallerIdentity needs no
 * permission and works with every valid key. False: STS is not asked. */
static bool check_key_with_sts(struct aws_slot *slot)
{
        usec_t now = loop_monotonic(slot->tools->loop);

        if (!slot->signer || !slot->credentials || slot->endpoint->service == &service_sts)
                return false;
        if (!slot->endpoint->refused)
                slot->endpoint->refused = now;
        if (now - slot->endpoint->refused < KEY_REPLICATION)
                return false;
        slot->http = http_slot_free(slot->http);
        slot->ticket = ticket_free(slot->ticket);
        slot->identify =
                slot->signer->ops->identify(slot->signer, slot->credentials, on_identified, slot);
        return true;
}

void call_finish_refused(struct aws_slot *slot)
{
        const struct credentials *credentials = slot->credentials;
        _cleanup_free_ char *aws_message = steal(slot->decoded.message);

        if (credentials)
                slot->decoded.message =
                        xasprintf("%s%saccess key ****%s of %s", aws_message ? aws_message : "",
                                  aws_message ? "; " : "", key_tail(credentials->access_key),
                                  credentials->source);
        if (!check_key_with_sts(slot))
                call_finish(slot, slot->signer ? AWS_UNSIGNED : AWS_ERROR);
}

static void on_explained(const char *text, void *userdata)
{
        struct aws_slot *slot = userdata;

        if (text)
                xreplace(&slot->decoded.message, text);
        call_finish(slot, AWS_ERROR);
}

void call_finish_final(struct aws_slot *slot)
{
        if (slot->signer && slot->credentials && slot->decoded.message)
                slot->explain = slot->signer->ops->explain(
                        slot->signer, slot->credentials, slot->decoded.message, on_explained, slot);
        if (!slot->explain) {
                call_finish(slot, AWS_ERROR);
                return;
        }
        slot->http = http_slot_free(slot->http);
        slot->ticket = ticket_free(slot->ticket);
}
