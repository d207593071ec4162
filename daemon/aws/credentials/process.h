/*
 * A program that prints credentials: run without a shell, beside everything else. Its output is
 * limited, its time too; what it started dies with it.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "loop/loop.h"

enum {
        PROCESS_SECONDS_MAX = 60,
        PROCESS_OUTPUT_MAX = 64 << 10, /* bytes */
        PROCESS_ERROR_MAX = 400,       /* bytes of what it says on stderr that are told */
};

struct process;
/* `output` (NUL-terminated, borrowed, wiped after this) or, when it is NULL, `error`. */
typedef void process_fn(const char *output, size_t size, const char *error, void *userdata);

/* Runs `command`, split as split.h says. Calls back once, never from inside this. Never NULL. */
struct process *process_run(struct loop *loop, const char *command, process_fn *done,
                            void *userdata);
/* Kills it when it still runs. */
struct process *process_free(struct process *process);
DEFINE_CLEANUP(struct process, process_free);
