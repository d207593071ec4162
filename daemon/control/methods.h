/* The methods of io.amid.Manager, by the file they are in; methods.c has the table. Each answers
 * its call, or begins a stream. Private to control/. */
#pragma once

#include "control/call.h"

/* All of them; ends with an empty row. */
extern const struct method methods[];

/* methods-ask.c: what is, and what was. */
void method_status(struct call *call);
void method_runs(struct call *call);
void method_show(struct call *call);
void method_images(struct call *call);
void method_measures(struct call *call);
void method_watch(struct call *call);

/* methods-do.c: what changes something. */
bool method_check_run(struct call *call);
void method_run(struct call *call);
bool method_check_prune(struct call *call);
void method_prune(struct call *call);
void method_adopt(struct call *call);
void method_pause(struct call *call);
void method_resume(struct call *call);
void method_cancel(struct call *call);
void method_reload(struct call *call);

/* Whether the schedule of the call is absent or known; answers if not. */
bool method_check_schedule(struct call *call);
/* Answers that there is no run of the call's id. */
void method_fail_no_run(struct call *call);
