/* Sets the options of a request for curl. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "http/internal.h"

#define SET(option, value)                                                                         \
        do {                                                                                       \
                if (code == CURLE_OK)                                                              \
                        code = curl_easy_setopt(easy, option, value);                              \
        } while (false)

/* curl sends only this request, only to this server, with the unchanged URL. */
static CURLcode set_transport(CURL *easy, const struct http *http, bool no_proxy)
{
        CURLcode code = CURLE_OK;

        SET(CURLOPT_PROTOCOLS_STR, "http,https");
        SET(CURLOPT_FOLLOWLOCATION, 0L);
        SET(CURLOPT_PATH_AS_IS, 1L);
        SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L); /* curl would make a header of it */
        /* In HTTP/2 curl repeats a refused stream. */
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (http->ca_bundle) {
                SET(CURLOPT_CAINFO, http->ca_bundle);
                SET(CURLOPT_CAPATH, NULL);
        }
        if (no_proxy)
                SET(CURLOPT_PROXY, ""); /* "" also disables the proxies of the environment */
        SET(CURLOPT_NOSIGNAL, 1L);
        /* A request may end while its name is being resolved. Without this option curl, and with it
         * the loop, would wait for the resolver's thread; that thread frees its own memory. */
        SET(CURLOPT_QUICK_EXIT, 1L);
        SET(CURLOPT_MAXAGE_CONN, (long)CONNECTION_IDLE_SEC);
        return code;
}

static long to_msec(usec_t timeout, usec_t fallback)
{
        return (long)(((timeout > 0 ? timeout : fallback) + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

static CURLcode set_method(CURL *easy, const struct http_request *request)
{
        CURLcode code = CURLE_OK;

        if (request->body_size == 0 && streq(request->method, "GET")) {
                SET(CURLOPT_HTTPGET, 1L);
                return code;
        }
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        SET(CURLOPT_COPYPOSTFIELDS, request->body_size ? request->body : "");
        SET(CURLOPT_CUSTOMREQUEST, request->method);
        return code;
}

static void headers_add(struct curl_slist **headers, const char *line)
{
        struct curl_slist *longer = curl_slist_append(*headers, line);

        assert(longer); /* out of memory */
        *headers = longer;
}

/* Headers that curl would add; a line without a value suppresses them. Expect would cost a round
 * trip and make the outcome of a rejected upload ambiguous. */
static const char *const not_by_curl[] = { "Accept", "Content-Type", "Expect" };

static bool is_given(const struct http_request *request, const char *name)
{
        for (size_t i = 0; i < HTTP_HEADERS_MAX && request->headers[i].name; i++) {
                if (strcasecmp(request->headers[i].name, name) == 0)
                        return true;
        }
        return false;
}

static bool make_headers(struct http_slot *slot, const struct http_request *request)
{
        for (size_t i = 0; i < HTTP_HEADERS_MAX && request->headers[i].name; i++) {
                const struct http_header *header = &request->headers[i];
                _cleanup_free_ char *line = NULL;

                if (!*header->name || strpbrk(header->name, ":; \t\r\n") ||
                    strpbrk(header->value, "\r\n"))
                        return false;
                /* curl's notation for an empty value is a semicolon. */
                line = *header->value ? xasprintf("%s: %s", header->name, header->value)
                                      : xasprintf("%s;", header->name);
                headers_add(&slot->headers, line);
        }
        for (size_t i = 0; i < ELEMENTS(not_by_curl); i++) {
                if (!is_given(request, not_by_curl[i])) {
                        _cleanup_free_ char *line = xasprintf("%s:", not_by_curl[i]);

                        headers_add(&slot->headers, line);
                }
        }
        return true;
}

/*
 * curl calls this with a complete connection (also TLS), before it writes the request: the outcome
 * of an error is HTTP_UNSENT before the call and HTTP_LOST after it. When a kept connection dies
 * before an answer, curl would send the request again on a new connection and calls this a second
 * time. The server may have acted on the request already, and CreateImage has no client token, so
 * the second call ends the transfer.
 */
static int before_sending(void *userdata, char *remote_ip, char *local_ip, int remote_port,
                          int local_port)
{
        struct http_slot *slot = userdata;

        (void)remote_ip;
        (void)local_ip;
        (void)remote_port;
        (void)local_port;
        if (slot->sent) {
                slot->incoming.limit = "the server closed a kept connection without an answer";
                return CURL_PREREQFUNC_ABORT;
        }
        slot->sent = true;
        return CURL_PREREQFUNC_OK;
}

CURLcode request_prepare(struct http_slot *slot, const struct http_request *request)
{
        CURL *easy = slot->easy = curl_easy_init();
        CURLcode code = easy ? CURLE_OK : CURLE_FAILED_INIT;

        SET(CURLOPT_ERRORBUFFER, slot->error);
        SET(CURLOPT_PRIVATE, slot);
        if (code == CURLE_OK)
                code = set_transport(easy, slot->http, request->no_proxy);
        SET(CURLOPT_URL, request->url);
        SET(CURLOPT_USERAGENT, slot->http->user_agent);
        SET(CURLOPT_CONNECTTIMEOUT_MS, to_msec(request->connect_timeout, 5 * USEC_PER_SEC));
        SET(CURLOPT_TIMEOUT_MS, to_msec(request->timeout, 60 * USEC_PER_SEC));
        if (code == CURLE_OK)
                code = set_method(easy, request);
        if (code == CURLE_OK && !make_headers(slot, request)) {
                strcpy(slot->error, "a header has a line break or a malformed name");
                return CURLE_BAD_FUNCTION_ARGUMENT;
        }
        SET(CURLOPT_HTTPHEADER, slot->headers);
        SET(CURLOPT_PREREQFUNCTION, before_sending);
        SET(CURLOPT_PREREQDATA, slot);
        if (code == CURLE_OK)
                code = reply_receive(slot);
        return code;
}
