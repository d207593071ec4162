/*
 * A loop on virtual time, and an http that answers from a script. Tests link them instead of loop/
 * and http/. Include it in one file of a program.
 */
#pragma once

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <utlist.h>

#include "base/alloc.h"
#include "base/text.h"
#include "http/http.h"
#include "loop/loop.h"

/* ---- the loop ---- */

struct timer {
        struct loop *loop;
        timer_fn *callback;
        void *userdata;
        usec_t at; /* USEC_INFINITY: idle */
        uint64_t order;
        struct timer *prev, *next;
};

struct loop {
        usec_t now;  /* monotonic */
        sec_t wall0; /* wall clock at now == 0 */
        uint64_t order, random;
        struct timer *timers;
        unsigned int wakeups;
};

usec_t loop_monotonic(const struct loop *loop)
{
        return loop->now;
}
usec_t loop_wall_usec(const struct loop *loop)
{
        return loop->wall0 * USEC_PER_SEC + loop->now;
}
sec_t loop_wall(const struct loop *loop)
{
        return loop->wall0 + loop->now / USEC_PER_SEC;
}
uint64_t loop_random(struct loop *loop)
{
        loop->random = loop->random * 6364136223846793005U + 1442695040888963407U;
        return loop->random >> 33;
}
struct timer *timer_new(struct loop *loop, timer_fn *callback, void *userdata)
{
        struct timer *timer = xnew(struct timer);

        *timer = (struct timer){ loop, callback, userdata, USEC_INFINITY, 0, NULL, NULL };
        DL_APPEND(loop->timers, timer);
        return timer;
}
struct timer *timer_free(struct timer *timer)
{
        if (timer)
                DL_DELETE(timer->loop->timers, timer);
        free(timer);
        return NULL;
}
void timer_arm(struct timer *timer, usec_t delay)
{
        timer->at = timer->loop->now + delay;
        timer->order = timer->loop->order++;
}
void timer_arm_wall(struct timer *timer, sec_t at)
{
        timer_arm(timer, (at - loop_wall(timer->loop)) * USEC_PER_SEC);
}
void timer_disarm(struct timer *timer)
{
        timer->at = USEC_INFINITY;
}
bool timer_is_armed(const struct timer *timer)
{
        return timer->at != USEC_INFINITY;
}

/* Fires the next timer up to `until`; false: there is none. */
static inline bool fake_step(struct loop *loop, usec_t until)
{
        struct timer *timer, *first = NULL;

        DL_FOREACH (loop->timers, timer) {
                if (timer->at <= until && (!first || timer->at < first->at ||
                                           (timer->at == first->at && timer->order < first->order)))
                        first = timer;
        }
        if (!first || first->at == USEC_INFINITY)
                return false;
        if (first->at > loop->now)
                loop->now = first->at;
        first->at = USEC_INFINITY;
        loop->wakeups++;
        first->callback(first->userdata);
        return true;
}

/* Runs until no timer is armed, which an idle daemon has to reach. */
static inline void fake_run(struct loop *loop)
{
        unsigned int steps = 0;

        while (fake_step(loop, USEC_INFINITY - 1))
                assert(++steps < 1000000);
}

static inline void fake_run_for(struct loop *loop, usec_t duration)
{
        usec_t until = loop->now + duration;

        while (fake_step(loop, until))
                ;
        loop->now = until;
}

/* ---- http ---- */

/* An answer; the rows of a script are used in order. */
struct fake_answer {
        enum http_outcome outcome; /* HTTP_ANSWERED */
        int status;                /* 0: 200 */
        const char *body;
        const char *date, *retry_after, *error_type, *request_id;
        usec_t delay;
};

struct fake_sent {
        char *method, *url, *body;
        char *authorization, *date, *token; /* headers; token: of AWS or of IMDS */
        char *content_type, *target;
        usec_t at;
};

struct http {
        struct loop *loop;
        const struct fake_answer *script;
        size_t n_script, answered;
        struct fake_sent *sent;
        size_t n_sent;
        unsigned int open, most_open;
};

struct http_slot {
        struct http *http;
        struct timer *timer;
        const struct fake_answer *answer;
        http_done_fn *done;
        void *userdata;
        bool closed;
};

static inline void fake_answer_now(void *userdata)
{
        struct http_slot *slot = userdata;
        const struct fake_answer *answer = slot->answer;
        bool answered = answer->outcome == HTTP_ANSWERED;
        /* On the heap, so that the address sanitizer finds reads beyond it or after its end. */
        char *body = xstrdup(answer->body ? answer->body : "");
        struct http_reply reply = {
                .outcome = answer->outcome,
                .error = answered ? NULL : "the wire was cut",
                .status = !answered        ? 0
                          : answer->status ? answer->status
                                           : 200,
                .body = answered ? body : NULL,
                .body_size = answered ? strlen(body) : 0,
                .date = answer->date,
                .retry_after = answer->retry_after,
                .error_type = answer->error_type,
                .request_id = answer->request_id,
        };

        slot->http->open--;
        slot->closed = true;
        slot->done(&reply, slot->userdata);
        free(body);
}

static inline const char *fake_header(const struct http_request *request, const char *name)
{
        for (size_t i = 0; i < HTTP_HEADERS_MAX && request->headers[i].name; i++)
                if (strcasecmp(request->headers[i].name, name) == 0)
                        return request->headers[i].value;
        return NULL;
}

struct http_slot *http_send(struct http *http, const struct http_request *request,
                            http_done_fn *done, void *userdata)
{
        struct http_slot *slot = xnew(struct http_slot);
        const char *token = fake_header(request, "X-Amz-Security-Token");

        if (!token)
                token = fake_header(request, "X-aws-ec2-metadata-token");
        *append(http->sent, http->n_sent) = (struct fake_sent){
                .method = xstrdup(request->method),
                .url = xstrdup(request->url),
                .body = xstrndup(request->body ? request->body : "", request->body_size),
                .authorization = xstrdup(fake_header(request, "Authorization")),
                .date = xstrdup(fake_header(request, "X-Amz-Date")),
                .token = xstrdup(token),
                .content_type = xstrdup(fake_header(request, "Content-Type")),
                .target = xstrdup(fake_header(request, "X-Amz-Target")),
                .at = http->loop->now,
        };
        if (http->answered >= http->n_script) {
                fprintf(stderr, "nothing in the script for %s %s\n", request->url,
                        http->sent[http->n_sent - 1].body);
                abort();
        }
        *slot = (struct http_slot){ http,
                                    timer_new(http->loop, fake_answer_now, slot),
                                    &http->script[http->answered++],
                                    done,
                                    userdata,
                                    false };
        timer_arm(slot->timer, slot->answer->delay);
        if (++http->open > http->most_open)
                http->most_open = http->open;
        return slot;
}

struct http_slot *http_slot_free(struct http_slot *slot)
{
        if (!slot)
                return NULL;
        if (!slot->closed)
                slot->http->open--;
        timer_free(slot->timer);
        free(slot);
        return NULL;
}

static inline void fake_http_done(struct http *http)
{
        for (size_t i = 0; i < http->n_sent; i++) {
                struct fake_sent *sent = &http->sent[i];

                free(sent->method);
                free(sent->url);
                free(sent->body);
                free(sent->authorization);
                free(sent->date);
                free(sent->token);
                free(sent->content_type);
                free(sent->target);
        }
        free(http->sent);
}
