/*
 * Another daemon with the same owner: a cloned machine, a second installation, an old host that was
 * started again.
 *
 * Each daemon has a state of its own, so each makes an outage for each firing, and takes requests
 * of the other for late ones of its own. The tag amid:daemon, a random word of the process that
 * called CreateImage, tells them apart. An image is evidence of another daemon when
 *
 *   - its amid:daemon is not the word of this process;
 *   - EC2 created it after this process began, and RIVAL_AFTER more: a request of an earlier
 *     process of our own can no longer be on its way;
 *   - CreateImage made it of the instance that its tag names: a copy has no SourceInstanceId;
 *   - it has the name that our settings give for its schedule, instance and time.
 *
 * Before an outage, such images are searched for among those that were created since this process
 * began, or since the last search; one search serves all tasks of a location for two minutes.
 * Evidence holds until this process ends.
 */
#pragma once

#include "runs/engine/engine.h"
#include "runs/images/naming.h"

/* Seconds: a request is good for five minutes. */
enum { RIVAL_AFTER = 360 };

/* The step before an outage: ends the task when there is evidence of another daemon. */
struct verdict rival_ask(struct task *task);

/* Takes an image that a list has shown: if it is evidence of another daemon, notes and logs that.
 * `date` is that of the reply, as in struct aws_reply. */
void rival_see(const struct task *task, const struct ec2_image *image, sec_t date);
