/*
 * Another daemon with the same owner: a cloned machine, a second installation, an old host that was
 * started again.
 *
 * Each has a state of its own, so each makes its own outage for each firing, and takes the requests
 * of the other for late ones of its own. What tells them apart is the tag amid:daemon, a random
 * word of the process that asked for an image. An image tells of another daemon when
 *
 *   - its amid:daemon is not the word of this process;
 *   - EC2 created it after this process began, and RIVAL_AFTER more: a request of an earlier
 *     process of our own can no longer be on its way;
 *   - CreateImage made it of the instance that its tag names: a copy has no SourceInstanceId;
 *   - it has the name that our settings give for its schedule, instance and time.
 *
 * That is looked for before an outage, once in a while for all tasks of a location, among the
 * images of the days since this process began, or since the last look. Once seen, it holds until
 * this process ends.
 */
#pragma once

#include "runs/engine/engine.h"
#include "runs/images/naming.h"

/* Seconds: a request is good for five minutes. */
enum { RIVAL_AFTER = 360 };

/* The step before an outage: goes on when no other daemon is seen, else ends the task. */
struct verdict rival_ask(struct task *task);

/* An image that a list of the task has shown: notes the other daemon, with a line, if it tells of
 * one. `date` is that of the reply, as in struct aws_reply. */
void rival_see(const struct task *task, const struct ec2_image *image, sec_t date);
