/* The protocol of a connection: frames, calls and answers. */
#include "control/session.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"
#include "base/log.h"
#include "control/call.h"
#include "control/follow.h"
#include "control/interface.h"
#include "control/peer.h"

enum { ACTION_MAX = 1000 }; /* bytes of the arguments of an action in the journal */
/* A call that is held for longer gets an answer with the reason. */
#define REPORT_HOLD_AFTER USEC_PER_SEC

struct session {
        const struct control_options *options;
        const struct method *methods;
        struct peer peer;
        session_wake_fn *wake;
        void *userdata;
        struct timer *settle; /* frees a finished call, outside of the callbacks of its stream */
        struct timer *report_hold; /* answers a held call with the reason of the hold */

        char *input; /* received bytes that are not handled yet */
        size_t input_size;
        bool input_ended;

        char *output;
        size_t output_size, output_sent;

        struct call *call; /* the present call, streaming or held; or NULL */
        const char *broke;
};

/* Frees the request of a call that was carried out, or never will be. */
static void call_forget_request(struct call *call)
{
        arguments_done(&call->arguments);
        cJSON_Delete(steal(call->request));
}

static void call_free(struct call *call)
{
        if (!call)
                return;
        call_forget_request(call);
        manager_wait_free(call->wait);
        stream_free(call->stream);
        free(call);
}

/* ---- answers ---- */

static void queue(struct session *session, cJSON *reply)
{
        char *text = cJSON_PrintUnformatted(reply);
        size_t size, waiting = session->output_size - session->output_sent;

        if (!text)
                out_of_memory();
        cJSON_Delete(reply);
        size = strlen(text) + 1; /* the NUL ends the frame */
        if (waiting && session->output_sent)
                memmove(session->output, session->output + session->output_sent, waiting);
        session->output = xrealloc(session->output, waiting + size, 1);
        memcpy(session->output + waiting, text, size);
        session->output_size = waiting + size;
        session->output_sent = 0;
        cJSON_free(text);
}

static void answer(struct call *call, const char *error, cJSON *parameters, bool more)
{
        cJSON *reply = cJSON_CreateObject();

        assert(!call->finished);
        if (error)
                cJSON_AddStringToObject(reply, "error", error);
        cJSON_AddItemToObject(reply, "parameters", parameters ? parameters : cJSON_CreateObject());
        if (more)
                cJSON_AddBoolToObject(reply, "continues", true);
        call->finished = !more;
        if (call->oneway)
                cJSON_Delete(reply);
        else
                queue(call->session, reply);
}

bool call_has_room(const struct call *call)
{
        const struct session *session = call->session;

        return session->output_size - session->output_sent < CONTROL_STREAM_MAX;
}

/* Frees a finished call by a timer, since this may run inside the callback of the call's watch. */
static void answered(struct call *call)
{
        struct session *session = call->session;

        if (session->call != call)
                return;
        if (call->finished)
                timer_arm(session->settle, 0);
        session->wake(session->userdata);
}

void call_reply(struct call *call, cJSON *parameters, bool more)
{
        answer(call, NULL, parameters, more);
        answered(call);
}

void call_error(struct call *call, const char *error, cJSON *parameters)
{
        answer(call, error, parameters, false);
        answered(call);
}

void call_fail(struct call *call, const char *error, const char *message)
{
        cJSON *parameters = cJSON_CreateObject();
        _cleanup_free_ char *clean = text_clean_lines(message);

        cJSON_AddStringToObject(parameters, "message", clean);
        call_error(call, error, parameters);
}

static void refuse(struct call *call, const char *error, const char *member, const char *value)
{
        cJSON *parameters = cJSON_CreateObject();
        _cleanup_free_ char *clean = text_clean(value, CLEAN_REPLY_MAX);

        if (member)
                cJSON_AddStringToObject(parameters, member, clean);
        call_error(call, error, parameters);
}

/* ---- calls ---- */

static void on_ready(void *userdata);

/* Carries the call out, or holds it for the manager: at most once for each reason, regions and
 * clock. */
static void do_or_hold(struct call *call)
{
        const struct method *method = call->method;
        struct manager *manager = call->options->manager;
        const char *why =
                method->needs_ready
                        ? manager_holds(manager, method->needs_clock && !call->arguments.dry_run)
                        : NULL;

        if (!why || streq(why, call->held)) {
                method->function(call);
                return;
        }
        call->held = why;
        call->wait = manager_wait(manager, on_ready, call);
        timer_arm(call->session->report_hold, REPORT_HOLD_AFTER);
}

/* Reports the hold only to calls with `more`, since other calls get a single answer. */
static void on_report_hold(void *userdata)
{
        struct session *session = userdata;
        const struct call *call = session->call;
        cJSON *parameters;

        if (!call || !call->wait || !call->more)
                return;
        parameters = cJSON_CreateObject();
        cJSON_AddStringToObject(parameters, "waiting", call->held);
        call_reply(session->call, parameters, true);
}

static void on_ready(void *userdata)
{
        struct call *call = userdata;
        struct session *session = call->session;

        call->wait = manager_wait_free(call->wait);
        timer_disarm(session->report_hold);
        do_or_hold(call);
        if (call->wait)
                return;
        call_forget_request(call);
        if (call->finished)
                timer_arm(session->settle, 0);
        session->wake(session->userdata);
}

/* Logs the peer and the arguments of a call; the log cleans their text. */
static void log_action(const struct call *call, const cJSON *parameters)
{
        const struct log_about about = { .schedule = call->arguments.schedule,
                                         .run = call->arguments.run };
        _cleanup_free_ char *who = peer_describe(&call->session->peer);
        char *words = parameters ? cJSON_PrintUnformatted(parameters) : NULL;
        _cleanup_free_ char *cut = text_clean(words, ACTION_MAX);

        log_line(LOG_INFO, &about, "%s asks: %s%s%s", who, call->method->name, cut ? " " : "",
                 cut ? cut : "");
        cJSON_free(words);
}

static const struct method *find_method(const struct method *methods, const char *name)
{
        for (const struct method *method = methods; method->name; method++)
                if (streq(method->name, name))
                        return method;
        return NULL;
}

static void dispatch(struct call *call, const char *name, const cJSON *parameters)
{
        const char *bad;

        call->method = find_method(call->session->methods, name);
        if (!call->method) {
                refuse(call, SERVICE_INTERFACE ".MethodNotFound", "method", name);
                return;
        }
        if (!call->method->open_to_all && !call->session->peer.trusted) {
                call_fail(call, MANAGER_INTERFACE ".PermissionDenied",
                          "Only root, the user amid runs as and members of the group amid may ask "
                          "this. Use sudo, or join the group (usermod -aG amid USER) and log in "
                          "again.");
                return;
        }
        bad = arguments_read(call->method, parameters, &call->arguments);
        if (bad) {
                refuse(call, SERVICE_INTERFACE ".InvalidParameter", "parameter", bad);
                return;
        }
        if (call->method->needs_more && !call->more) {
                refuse(call, SERVICE_INTERFACE ".ExpectedMore", NULL, NULL);
                return;
        }
        if (call->method->changes)
                log_action(call, parameters);
        if (!call->method->check || call->method->check(call))
                do_or_hold(call);
}

static bool flag(const cJSON *request, const char *name)
{
        return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, name));
}

/* Whether brackets outside of strings are nested too deeply for the parser, which is recursive. */
static bool is_too_deep(const char *json)
{
        unsigned int depth = 0;
        bool quoted = false;

        for (; *json; json++) {
                if (quoted && *json == '\\' && json[1])
                        json++;
                else if (*json == '"')
                        quoted = !quoted;
                else if (!quoted && strchr("{[", *json) && ++depth > CONTROL_DEPTH_MAX)
                        return true;
                else if (!quoted && strchr("}]", *json) && depth)
                        depth--;
        }
        return false;
}

/* Handles a frame, which ends with a NUL. */
static void handle(struct session *session, const char *frame)
{
        cJSON *request = is_too_deep(frame) ? NULL : cJSON_ParseWithOpts(frame, NULL, true);
        const cJSON *method = cJSON_GetObjectItemCaseSensitive(request, "method");
        struct call *call;

        if (!cJSON_IsObject(request) || !cJSON_IsString(method)) {
                session->broke = "it sent something that is no call";
                cJSON_Delete(request);
                return;
        }
        call = xnew(struct call);
        call->session = session;
        call->options = session->options;
        call->oneway = flag(request, "oneway");
        call->more = flag(request, "more") && !call->oneway;
        call->request = request;
        dispatch(call, method->valuestring,
                 cJSON_GetObjectItemCaseSensitive(request, "parameters"));
        if (!call->wait)
                call_forget_request(call);
        if (call->finished)
                call_free(call);
        else
                session->call = call;
}

static size_t frame_max(const struct session *session)
{
        return session->peer.trusted ? CONTROL_FRAME_MAX : CONTROL_FRAME_STRANGER_MAX;
}

/* Answers a call that is too long and ends the session, because the rest of the call is not read.
 */
static void refuse_too_long(struct session *session)
{
        _cleanup_free_ char *message = xasprintf(
                "A call has at most %zu bytes here. Ask for less at once.", frame_max(session));
        cJSON *reply = cJSON_CreateObject();

        cJSON_AddStringToObject(reply, "error", MANAGER_INTERFACE ".TooLarge");
        cJSON_AddStringToObject(cJSON_AddObjectToObject(reply, "parameters"), "message", message);
        queue(session, reply);
        session->broke = "its call is too long";
}

static bool is_busy(const struct session *session)
{
        return session->broke || session->call || session->output_size;
}

/* Handles the first frame in `data` if it is complete. Returns its size, or 0. */
static size_t take_frame(struct session *session, const char *data, size_t size)
{
        const char *end = memchr(data, '\0', size);
        size_t length = end ? (size_t)(end - data) : size;

        if (length > frame_max(session)) {
                refuse_too_long(session);
                return 0;
        }
        if (!end)
                return 0;
        handle(session, data);
        return length + 1;
}

static void advance(struct session *session)
{
        size_t done = 0, taken = 1;

        while (taken && !is_busy(session) && done < session->input_size) {
                taken = take_frame(session, session->input + done, session->input_size - done);
                done += taken;
        }
        if (done) {
                session->input_size -= done;
                memmove(session->input, session->input + done, session->input_size);
        }
        if (session->input_ended && !is_busy(session) && session->input_size)
                session->broke = "it hung up in the middle of a call";
}

static void on_settle(void *userdata)
{
        struct session *session = userdata;

        call_free(session->call);
        session->call = NULL;
        advance(session);
        session->wake(session->userdata);
}

/* ---- interface for the owner ---- */

struct session *session_new(const struct control_options *options, const struct method *methods,
                            const struct peer *peer, session_wake_fn *wake, void *userdata)
{
        struct session *session = xnew(struct session);

        session->options = options;
        session->methods = methods;
        session->peer = *peer;
        session->wake = wake;
        session->userdata = userdata;
        session->settle = timer_new(options->loop, on_settle, session);
        session->report_hold = timer_new(options->loop, on_report_hold, session);
        return session;
}

struct session *session_free(struct session *session)
{
        if (!session)
                return NULL;
        call_free(session->call);
        timer_free(session->settle);
        timer_free(session->report_hold);
        free(session->input);
        free(session->output);
        free(session);
        return NULL;
}

bool session_wants_input(const struct session *session)
{
        return !is_busy(session) && !session->input_ended;
}

void session_input(struct session *session, const void *data, size_t size)
{
        if (!size || session->broke)
                return;
        session->input = xrealloc(session->input, session->input_size + size, 1);
        memcpy(session->input + session->input_size, data, size);
        session->input_size += size;
        advance(session);
        session->wake(session->userdata);
}

void session_end_input(struct session *session)
{
        session->input_ended = true;
        advance(session);
        session->wake(session->userdata);
}

size_t session_output(const struct session *session, const char **ret)
{
        *ret = session->output ? session->output + session->output_sent : NULL;
        return session->output_size - session->output_sent;
}

void session_sent(struct session *session, size_t size)
{
        assert(size <= session->output_size - session->output_sent);
        session->output_sent += size;
        if (session->output_sent < session->output_size)
                return;
        free(steal(session->output));
        session->output_size = session->output_sent = 0;
        if (session->call && session->call->stream && !session->call->finished)
                stream_send(session->call->stream);
        advance(session);
        session->wake(session->userdata);
}

bool session_is_over(const struct session *session)
{
        if (session->broke)
                return session->output_size == 0;
        return session->input_ended && !is_busy(session);
}

const char *session_broke(const struct session *session)
{
        return session->broke;
}
