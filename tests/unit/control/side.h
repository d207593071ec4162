/* The calling side of a session: sends frames and receives answers. */
#pragma once

#include "unit/control/fixture.h"

#include "control/methods.h"
#include "control/session.h"

/* Beginnings of calls: M "Status\"}", M "Run" P "{\"schedule\":\"web\"}}". */
#define M "{\"method\":\"io.amid.Manager."
#define S "{\"method\":\"org.varlink.service."
#define P "\",\"parameters\":"

static inline void on_wake(void *userdata)
{
        ++*(int *)userdata;
}

struct side {
        struct session *session;
        int wakes;
};

static inline void side_open(struct side *side, struct fixture *fixture, bool trusted)
{
        const struct peer peer = { .uid = 1000, .pid = 7, .trusted = trusted };

        side->wakes = 0;
        side->session = session_new(&fixture->options, methods, &peer, on_wake, &side->wakes);
}

/* Sends a frame: the text with its NUL. */
static inline void side_send(struct side *side, const char *call)
{
        session_input(side->session, call, strlen(call) + 1);
}

/* Receives an answer; "": there is none. Caller frees. */
static inline char *side_receive(struct side *side)
{
        const char *output;
        size_t size = session_output(side->session, &output);
        char *answer = xstrdup(size ? output : "");

        if (size)
                session_sent(side->session, strlen(answer) + 1);
        return answer;
}

/* Receives an answer, which has to contain `expected`; "": there must be none. */
static inline void check_answer(int line, struct side *side, const char *expected)
{
        _cleanup_free_ char *answer = side_receive(side);

        if (*expected ? !strstr(answer, expected) : *answer)
                fail_msg("line %d: no %s in %s", line, expected, answer);
}
