/*
 * The history of a simulation: journal lines of the daemon, requests, fault events. The last lines
 * are kept for the message about a violation; all of them can be printed, and all of them go into a
 * hash that tells whether two histories are the same.
 *
 * This is also base/log.h for the daemon in the simulation, because its journal is output to be
 * checked.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "sim/simulation/virtual-loop.h"

/* Gets a line of the daemon's journal; `event` may be NULL, `about` too. */
typedef void trace_journal_fn(const struct log_event *event, const struct log_about *about,
                              const char *message, void *userdata);

struct trace;

/* `print` gets every line; may be NULL. One trace at a time gets the journal. */
struct trace *trace_new(const struct virtual_clock *clock, FILE *print);
struct trace *trace_free(struct trace *trace);
void trace_on_journal(struct trace *trace, trace_journal_fn *callback, void *userdata);
/* The daemon has crashed: lines that it still writes are dropped. */
void trace_mute(struct trace *trace, bool mute);

void trace_line(struct trace *trace, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t trace_hash(const struct trace *trace);
uint64_t trace_lines(const struct trace *trace);
void trace_print_last(const struct trace *trace, FILE *file, unsigned int n);
