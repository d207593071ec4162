/* Calls that stream what happens to runs. Private to control/. */
#pragma once

#include "control/call.h"

struct stream;

/* Sends what the stream owes its reader, while there is room. */
void stream_send(struct stream *stream);
struct stream *stream_free(struct stream *stream);

/* Answers with the id; with `more` also with every event of the run, until it ends. */
void follow_run(struct call *call, const char *run);
/* Streams what is open now and then every event, of one run until it ends or (NULL) of all. */
void follow_events(struct call *call, const char *run);
