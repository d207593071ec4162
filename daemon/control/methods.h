/* The methods of io.amid.Manager, by their files. Each answers its call, or begins a stream.
 * Private to control/. */
#pragma once

#include "control/call.h"

/* The table of all methods; ends with an empty row. */
extern const struct method methods[];

/* methods-ask.c: methods that only read. */
void method_status(struct call *call);
void method_runs(struct call *call);
void method_show(struct call *call);
void method_images(struct call *call);
void method_measures(struct call *call);
void method_watch(struct call *call);

/* methods-do.c: methods that change something. */
bool method_check_run(struct call *call);
void method_run(struct call *call);
bool method_check_prune(struct call *call);
void method_prune(struct call *call);
void method_adopt(struct call *call);
void method_pause(struct call *call);
void method_resume(struct call *call);
void method_cancel(struct call *call);
void method_reload(struct call *call);

/* Whether the call has no schedule or a known one. Otherwise answers with an error. */
bool method_check_schedule(struct call *call);
/* Answers with the error that there is no run with the id in the call. */
void method_fail_no_run(struct call *call);
