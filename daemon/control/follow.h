/* Calls that stream the events of runs. Private to control/. */
#pragma once

#include "control/call.h"

struct stream;

/* Sends owed events of the stream while there is room. */
void stream_send(struct stream *stream);
struct stream *stream_free(struct stream *stream);

/* Answers with the id of the run; with `more` also with all its events. */
void follow_run(struct call *call, const char *run);
/* Streams the present state and then all events: of one run until it ends, or of all (`run` NULL).
 */
void follow_events(struct call *call, const char *run);
