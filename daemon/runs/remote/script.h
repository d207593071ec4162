/*
 * Scripts that SSM runs as root on an instance, from the files daemon/runs/remote/NAME.sh.
 */
#pragma once

#include "base/text.h"

/* Appends the source of a script without what is only a comment: a command of SSM must be small. No
 * line of the source may begin with a '#' for another reason. */
void script_append(struct text *text, const char *source);

/* Appends script-head.sh, the first part of every script: from there on nothing of the environment
 * decides what the script executes, reads or writes. */
void script_append_head(struct text *text);
