#include <string.h>

#include "base/alloc.h"
#include "http/internal.h"

static size_t stop(struct incoming *incoming, const char *why)
{
        incoming->limit = why;
        return 0; /* anything but the size makes curl give up */
}

static size_t on_header(char *data, size_t one, size_t size, void *userdata)
{
        struct incoming *incoming = userdata;

        (void)one; /* always 1 */
        /* A head that is cut off counts as whole for curl, so we look for the empty line ourselves.
         * Informational replies have a head of their own, trailers none. */
        if (size > 5 && memcmp(data, "HTTP/", 5) == 0)
                incoming->head_is_whole = false;
        else if (size > 0 && size <= 2 && (data[0] == '\r' || data[0] == '\n'))
                incoming->head_is_whole = true;
        incoming->header_bytes += size;
        if (++incoming->header_lines > HEADER_LINES_MAX ||
            incoming->header_bytes > HEADER_BYTES_MAX)
                return stop(incoming, "the reply has too many headers");
        return size;
}

static size_t on_body(char *data, size_t one, size_t size, void *userdata)
{
        struct incoming *incoming = userdata;
        size_t needed = incoming->body_size + size + 1;

        (void)one;
        if (size > HTTP_BODY_MAX - incoming->body_size)
                return stop(incoming, "the reply is too large");
        if (needed > incoming->body_room) {
                incoming->body_room = needed < 4096 ? 4096 : 2 * needed;
                incoming->body = xrealloc(incoming->body, incoming->body_room, 1);
        }
        memcpy(incoming->body + incoming->body_size, data, size);
        incoming->body_size += size;
        incoming->body[incoming->body_size] = '\0';
        return size;
}

CURLcode reply_receive(struct http_slot *slot)
{
        CURLcode code = curl_easy_setopt(slot->easy, CURLOPT_HEADERFUNCTION, on_header);

        if (code == CURLE_OK)
                code = curl_easy_setopt(slot->easy, CURLOPT_HEADERDATA, &slot->incoming);
        if (code == CURLE_OK)
                code = curl_easy_setopt(slot->easy, CURLOPT_WRITEFUNCTION, on_body);
        if (code == CURLE_OK)
                code = curl_easy_setopt(slot->easy, CURLOPT_WRITEDATA, &slot->incoming);
        return code;
}

/* A copy of the first header of that name, or NULL. */
static char *header_of(CURL *easy, const char *name)
{
        struct curl_header *header;

        if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
                return NULL;
        return xstrdup(header->value);
}

static const char *error_of(const struct http_slot *slot)
{
        if (slot->incoming.limit)
                return slot->incoming.limit;
        if (*slot->error)
                return slot->error;
        if (slot->result != CURLE_OK)
                return curl_easy_strerror(slot->result);
        return "the server closed the connection within the head of its reply";
}

void reply_deliver(struct http_slot *slot)
{
        /* All of it belongs to this function: the slot may be gone before the callback returns. */
        _cleanup_free_ char *body = steal(slot->incoming.body);
        _cleanup_free_ char *error = NULL, *date = NULL, *type = NULL, *id = NULL, *retry = NULL;
        struct http_reply reply = { .outcome = slot->sent ? HTTP_LOST : HTTP_UNSENT, .body = "" };
        long status = 0;

        if (slot->result == CURLE_OK)
                curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200 && slot->incoming.head_is_whole) {
                reply.outcome = HTTP_ANSWERED;
                reply.status = (int)status;
                reply.body = body ? body : "";
                reply.body_size = slot->incoming.body_size;
                reply.date = date = header_of(slot->easy, "Date");
                reply.content_type = type = header_of(slot->easy, "Content-Type");
                reply.request_id = id = header_of(slot->easy, "x-amzn-RequestId");
                reply.retry_after = retry = header_of(slot->easy, "Retry-After");
        } else {
                reply.error = error = xstrdup(error_of(slot));
        }
        curl_easy_cleanup(steal(slot->easy));
        slot->done(&reply, slot->userdata);
}
