/*
 * The computer that the daemon runs on. It starts the daemon as amid.c does, stops it and crashes
 * it.
 *
 * A crash is planned for a moment (the n-th commit, before or after it is on the disk; the n-th
 * request, before or after it has left) or comes at any time. What the daemon still does in the
 * callback in which it crashes reaches neither disk nor cloud nor journal. Only the disk survives a
 * crash, and of the disk only what was synced survives a power failure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct simulation;
struct manager;
struct store;

enum moment { MOMENT_BEFORE_COMMIT, MOMENT_AFTER_COMMIT, MOMENT_SENDING, MOMENT_SENT, MOMENTS };
extern const char *const moment_names[MOMENTS];

enum crash_kind { CRASH_KILLED, CRASH_POWER };

struct crash {
        enum moment moment;
        uint64_t number; /* from 1 */
        enum crash_kind kind;
        usec_t downtime;
};

struct machine {
        struct simulation *simulation;
        char *directory; /* of the state */
        struct loop *loop;
        struct http *http;
        struct aws *aws;
        struct store *store;
        struct manager *manager; /* NULL: the daemon is not running */
        struct timer *start;     /* of the simulation's loop: the next start */
        bool crashing, power, crashed_first;
        usec_t downtime;
        uint64_t starts;
        uint64_t moments[MOMENTS], moments_before_calm[MOMENTS];
};

void machine_init(struct machine *machine, struct simulation *simulation);
void machine_done(struct machine *machine);
bool machine_is_up(const struct machine *machine);
void machine_start(struct machine *machine);
/* Stops the daemon in order, as `systemctl stop` does; it starts again after `downtime`. */
void machine_stop(struct machine *machine, usec_t downtime);
/* Crashes the daemon at once; it starts again after `downtime`. */
void machine_crash(struct machine *machine, enum crash_kind kind, usec_t downtime);
/* Frees what a crash has left. To be called after every callback. */
void machine_finish_crash(struct machine *machine);
/* Removes the state, so that the next start begins without one. Only while the daemon is not
 * running. */
void machine_lose_state(struct machine *machine);
/* The daemon reads the settings again. */
void machine_reload(struct machine *machine);
