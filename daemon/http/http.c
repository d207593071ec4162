/* The curl multi handle on the loop: sockets, timers, and the delivery of replies. */
#include "http/http.h"

#include <assert.h>
#include <errno.h>
#include <utlist.h>

#include "base/alloc.h"
#include "http/internal.h"

/* A socket that curl wants to be watched. */
struct socket_watch {
        struct http *http;
        curl_socket_t fd;
        struct io *io; /* NULL: io_new() failed, and the transfer has to fail */
};

/* ---- slots: each is in one of the two lists of struct http, or in none ---- */

static void slot_move(struct http_slot *slot, struct http_slot **list)
{
        if (slot->list)
                DL_DELETE(*slot->list, slot);
        slot->list = list;
        if (list)
                DL_APPEND(*list, slot);
}

/* Removes the slot from its list: its callback will not be called. */
static void slot_detach(struct http_slot *slot)
{
        struct http *http = slot->http;

        assert(http);
        slot_move(slot, NULL);
        if (slot->easy)
                curl_multi_remove_handle(http->multi, slot->easy);
        slot->http = NULL;
        if (!http->open && !http->finished)
                timer_arm(http->quiet, http->idle);
}

/* For http_free(): the owner still has to free the slot, but all objects of curl are freed now. */
static void slot_abandon(struct http_slot *slot)
{
        slot_detach(slot);
        curl_easy_cleanup(steal(slot->easy));
}

static void slot_finish(struct http_slot *slot, CURLcode result)
{
        slot->result = result;
        slot_move(slot, &slot->http->finished);
        timer_arm(slot->http->deliver, 0);
}

struct http_slot *http_send(struct http *http, const struct http_request *request,
                            http_done_fn *done, void *userdata)
{
        struct http_slot *slot = xnew(struct http_slot);
        CURLcode result;

        slot->http = http;
        slot->done = done;
        slot->userdata = userdata;
        slot_move(slot, &http->open);
        timer_disarm(http->quiet);
        result = request_prepare(slot, request);
        if (result == CURLE_OK && curl_multi_add_handle(http->multi, slot->easy) != CURLM_OK)
                result = CURLE_FAILED_INIT;
        if (result != CURLE_OK)
                slot_finish(slot, result);
        return slot;
}

struct http_slot *http_slot_free(struct http_slot *slot)
{
        if (!slot)
                return NULL;
        if (slot->http)
                slot_detach(slot);
        curl_easy_cleanup(slot->easy);
        curl_slist_free_all(slot->headers);
        free(slot->incoming.body);
        free(slot);
        return NULL;
}

/* ---- callbacks of the loop and of curl ---- */

/* Moves finished transfers to http->finished, after each curl_multi_socket_action(). Callbacks of
 * slots are not called from here. */
static void collect(struct http *http)
{
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(http->multi, &left))) {
                struct http_slot *slot;

                if (message->msg != CURLMSG_DONE)
                        continue;
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
                slot_finish(slot, message->data.result);
        }
}

static void act(struct http *http, curl_socket_t fd, int events)
{
        int running;

        (void)curl_multi_socket_action(http->multi, fd, events, &running);
        collect(http);
}

/* The timer may fire too early for curl, whose clock does not count suspend; curl then sets the
 * timer again. */
static void on_timeout(void *userdata)
{
        act(userdata, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *multi, long msec, void *userdata)
{
        struct http *http = userdata;

        (void)multi;
        if (msec < 0)
                timer_disarm(http->timeout);
        else /* also for 0: curl must not be called from inside its own callback */
                timer_arm(http->timeout, msec * USEC_PER_MSEC);
        return 0;
}

static void on_io(int fd, unsigned int events, void *userdata)
{
        struct socket_watch *watch = userdata;

        act(watch->http, fd,
            (events & IO_READ ? CURL_CSELECT_IN : 0) | (events & IO_WRITE ? CURL_CSELECT_OUT : 0) |
                    (events & IO_HANGUP ? CURL_CSELECT_ERR : 0));
}

static struct socket_watch *watch_find(const struct http *http, curl_socket_t fd)
{
        for (size_t i = 0; i < http->n_watches; i++) {
                if (http->watches[i]->fd == fd)
                        return http->watches[i];
        }
        return NULL;
}

static struct socket_watch *watch_new(struct http *http, curl_socket_t fd)
{
        struct socket_watch *watch = xnew(struct socket_watch);

        watch->http = http;
        watch->fd = fd;
        *append(http->watches, http->n_watches) = watch;
        return watch;
}

static void watch_free(struct socket_watch *watch)
{
        struct http *http = watch->http;

        for (size_t i = 0; i < http->n_watches; i++) {
                if (http->watches[i] == watch)
                        http->watches[i] = http->watches[--http->n_watches];
        }
        io_free(watch->io);
        free(watch);
}

static void watches_forget(struct http *http)
{
        for (size_t i = http->n_watches; i-- > 0;)
                watch_free(http->watches[i]);
}

/* Returns 0, since -1 would abort all transfers. curl may remove a socket that has no watch, and
 * may reuse the number of a socket without a removal (curl issues 16026, 17949). */
static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data)
{
        struct http *http = userdata;
        struct socket_watch *watch = watch_find(http, fd);
        unsigned int events =
                (what & CURL_POLL_IN ? IO_READ : 0U) | (what & CURL_POLL_OUT ? IO_WRITE : 0U);

        (void)easy;
        (void)socket_data;
        if (what == CURL_POLL_REMOVE) {
                if (watch)
                        watch_free(watch);
                return 0;
        }
        if (!watch)
                watch = watch_new(http, fd);
        /* A new io instead of io_set_events(): the number may belong to another socket now. */
        watch->io = io_free(watch->io);
        if (io_new(http->loop, fd, events, on_io, watch, &watch->io) < 0)
                timer_arm(http->deliver, 0);
        return 0;
}

/* Fails the transfers of sockets that could not be watched. */
static void fail_unwatched(struct http *http)
{
        for (size_t i = http->n_watches; i-- > 0;) {
                curl_socket_t fd = http->watches[i]->fd;

                if (http->watches[i]->io)
                        continue;
                watch_free(http->watches[i]);
                act(http, fd, CURL_CSELECT_ERR);
                i = http->n_watches; /* curl may have added and removed watches */
        }
}

/* Delivers one reply per turn of the loop, as the last action: the callback may free the slot,
 * other slots and the http. */
static void on_deliver(void *userdata)
{
        struct http *http = userdata;
        struct http_slot *slot;

        fail_unwatched(http);
        slot = http->finished;
        if (!slot)
                return;
        slot_detach(slot);
        if (http->finished)
                timer_arm(http->deliver, 0);
        reply_deliver(slot);
}

/* ---- struct http ---- */

static CURLMcode multi_set_up(struct http *http)
{
        static const struct {
                CURLMoption option;
                long value;
        } limits[] = {
                { CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS_PER_HOST },
                { CURLMOPT_MAXCONNECTS, CONNECTIONS_IDLE },
                { CURLMOPT_PIPELINING, CURLPIPE_NOTHING },
        };
        CURLMcode code = CURLM_OK;

        for (size_t i = 0; i < ELEMENTS(limits) && code == CURLM_OK; i++)
                code = curl_multi_setopt(http->multi, limits[i].option, limits[i].value);
        if (code == CURLM_OK)
                code = curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
        if (code == CURLM_OK)
                code = curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
        if (code == CURLM_OK)
                code = curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
        if (code == CURLM_OK)
                code = curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
        return code;
}

/* Closes idle connections, by a new multi handle: curl does not watch them, so they would stay open
 * long after the server closed its side. */
static void on_quiet(void *userdata)
{
        struct http *http = userdata;
        CURLM *before = http->multi, *fresh = curl_multi_init();

        http->multi = fresh;
        if (!fresh || multi_set_up(http) != CURLM_OK) {
                http->multi = before;
                curl_multi_cleanup(fresh);
                timer_arm(http->quiet, http->idle);
                return;
        }
        curl_multi_cleanup(before);
        watches_forget(http);
}

int http_new(struct loop *loop, const struct http_options *options, struct http **ret)
{
        _cleanup_(http_freep) struct http *http = NULL;

        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return -EIO;
        http = xnew(struct http); /* from here on http_free() calls curl_global_cleanup() */
        http->loop = loop;
        http->timeout = timer_new(loop, on_timeout, http);
        http->deliver = timer_new(loop, on_deliver, http);
        http->quiet = timer_new(loop, on_quiet, http);
        http->idle = options->idle ? options->idle : CONNECTION_IDLE_SEC * USEC_PER_SEC;
        http->ca_bundle = xstrdup(options->ca_bundle);
        http->user_agent = xstrdup(options->user_agent);
        http->multi = curl_multi_init();
        if (!http->multi || multi_set_up(http) != CURLM_OK)
                return -EIO;
        *ret = steal(http);
        return 0;
}

struct http *http_free(struct http *http)
{
        if (!http)
                return NULL;
        while (http->open)
                slot_abandon(http->open);
        while (http->finished)
                slot_abandon(http->finished);
        curl_multi_cleanup(http->multi); /* may call the callbacks for sockets and timer */
        watches_forget(http);
        free(http->watches);
        timer_free(http->timeout);
        timer_free(http->deliver);
        timer_free(http->quiet);
        free(http->ca_bundle);
        free(http->user_agent);
        free(http);
        curl_global_cleanup();
        return NULL;
}
