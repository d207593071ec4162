/* What came back, as the slot keeps it. */
#include "aws/call-private.h"
#include "aws/wire.h"
#include "base/alloc.h"
#include "base/text.h"

void call_message(struct aws_slot *slot, char *message)
{
        free(slot->message);
        slot->message = message;
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
                slot->decoded.request_id = xstrdup(reply->request_id);
                return false;
        }
        slot->decoded = decoded;
        if (!slot->decoded.request_id)
                slot->decoded.request_id = xstrdup(reply->request_id);
        return true;
}
