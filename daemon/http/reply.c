/* Receives replies, and calls back with their outcome. */
#include <string.h>

#include "base/alloc.h"
#include "http/internal.h"

static size_t stop(struct incoming *incoming, const char *why)
{
        incoming->limit = why;
        return 0; /* another value than the size ends the transfer */
}

static size_t on_header(char *data, size_t one, size_t size, void *userdata)
{
        struct incoming *incoming = userdata;

        (void)one; /* always 1 */
        /* curl accepts a head that was cut off, so the empty line is looked for here. Informational
         * replies have a head of their own, trailers have none. */
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

/* A copy of the first header with the name, or NULL. */
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

/* The memory behind a reply. reply_deliver() owns it, and not the slot, which the callback may
 * free. */
struct copies {
        char *body, *error, *date, *content_type, *request_id, *retry_after, *error_type;
};

static void copies_done(struct copies *copies)
{
        free(copies->body);
        free(copies->error);
        free(copies->date);
        free(copies->content_type);
        free(copies->request_id);
        free(copies->retry_after);
        free(copies->error_type);
}

void reply_deliver(struct http_slot *slot)
{
        _cleanup_(copies_done) struct copies copies = { .body = steal(slot->incoming.body) };
        struct http_reply reply = { .outcome = slot->sent ? HTTP_LOST : HTTP_UNSENT, .body = "" };
        long status = 0;

        if (slot->result == CURLE_OK)
                curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200 && slot->incoming.head_is_whole) {
                copies.date = header_of(slot->easy, "Date");
                copies.content_type = header_of(slot->easy, "Content-Type");
                copies.request_id = header_of(slot->easy, "x-amzn-RequestId");
                copies.retry_after = header_of(slot->easy, "Retry-After");
                copies.error_type = header_of(slot->easy, "x-amzn-ErrorType");
                reply = (struct http_reply){
                        .outcome = HTTP_ANSWERED,
                        .status = (int)status,
                        .body = copies.body ? copies.body : "",
                        .body_size = slot->incoming.body_size,
                        .date = copies.date,
                        .content_type = copies.content_type,
                        .request_id = copies.request_id,
                        .retry_after = copies.retry_after,
                        .error_type = copies.error_type,
                };
        } else {
                copies.error = xstrdup(error_of(slot));
                reply.error = copies.error;
        }
        curl_easy_cleanup(steal(slot->easy));
        slot->done(&reply, slot->userdata);
}
