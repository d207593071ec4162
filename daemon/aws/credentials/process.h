/*
 * A program that prints credentials. It runs without a shell and without blocking the loop. Its
 * output and its running time are limited, and its process group is killed when the process is
 * freed.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "loop/loop.h"

enum {
        PROCESS_SECONDS_MAX = 60,
        PROCESS_OUTPUT_MAX = 64 << 10, /* bytes */
        PROCESS_ERROR_MAX = 400,       /* bytes of standard error in the message */
};

struct process;
/* `output` is NUL-terminated, borrowed, and wiped after the callback; NULL: `error` is the reason.
 */
typedef void process_fn(const char *output, size_t size, const char *error, void *userdata);

/* Runs `command`, split by split_words(). Calls back once, never from inside this. Never NULL. */
struct process *process_run(struct loop *loop, const char *command, process_fn *done,
                            void *userdata);
/* Kills the process group if the program still runs. */
struct process *process_free(struct process *process);
DEFINE_CLEANUP(struct process, process_free);
