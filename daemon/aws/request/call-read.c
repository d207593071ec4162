/* Reads replies into the slot, and counts pages against limits. */
#include "aws/request/call-private.h"
#include "aws/request/wire.h"
#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"

/* Limits of all pages of a call together. They leave room for EC2's default quota of 50,000 images,
 * each of 5 kB with 30 devices and tags. */
enum {
        PAGES_MAX = 10000,
        ROWS_MAX = 1500000,
        BYTES_MAX = 256 << 20,
};

void call_message(struct aws_slot *slot, char *message)
{
        free(slot->message);
        slot->message = message;
        text_clean_replace(&slot->message, CLEAN_REPLY_MAX);
}

static bool is_web_page(const struct http_reply *reply)
{
        return reply->content_type && startswith(reply->content_type, "text/html");
}

bool call_read(struct aws_slot *slot, const struct http_reply *reply)
{
        struct shape_decoded decoded;
        _cleanup_free_ char *error = NULL;

        shape_decoded_done(&slot->decoded);
        call_message(slot, NULL);
        slot->status = reply->status;
        if (reply->outcome != HTTP_ANSWERED) {
                call_message(slot, xstrdup(reply->error));
                return false;
        }
        if (wire_decode(slot->action, slot->output, reply, &decoded, &error) < 0) {
                call_message(slot,
                             xasprintf("HTTP %d with an unreadable answer: %s%s", reply->status,
                                       error,
                                       is_web_page(reply)
                                               ? "; it is a web page, maybe of a proxy on the way"
                                               : ""));
                slot->decoded.request_id = text_clean(reply->request_id, CLEAN_REPLY_MAX);
                return false;
        }
        slot->decoded = decoded;
        slot->bytes += reply->body_size;
        if (!slot->decoded.request_id)
                slot->decoded.request_id = text_clean(reply->request_id, CLEAN_REPLY_MAX);
        return true;
}

/* Brent's algorithm keeps the token of page 1, 2, 4, 8, ..., so a circle of any length is found
 * with one token in memory. */
static bool goes_in_a_circle(struct aws_slot *slot)
{
        if (streq(slot->seen_token, slot->decoded.next_token))
                return true;
        if ((slot->pages & (slot->pages - 1)) == 0)
                xreplace(&slot->seen_token, slot->decoded.next_token);
        return false;
}

char *call_count_page(struct aws_slot *slot)
{
        slot->pages++;
        slot->rows += slot->decoded.rows;
        if (slot->rows > ROWS_MAX)
                return xasprintf("the answer goes on beyond %d rows", ROWS_MAX);
        if (slot->bytes > BYTES_MAX)
                return xasprintf("the answer goes on beyond %d MiB", BYTES_MAX >> 20);
        if (!slot->decoded.next_token)
                return NULL;
        if (slot->pages == PAGES_MAX)
                return xasprintf("the answer goes on beyond %d pages", PAGES_MAX);
        if (goes_in_a_circle(slot))
                return xasprintf("the pages go in a circle: page %u names a next page that an "
                                 "earlier one named",
                                 slot->pages);
        return NULL;
}
