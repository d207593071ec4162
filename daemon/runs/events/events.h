/*
 * The events of the journal: each kind has a MESSAGE_ID and a catalog text (journalctl -x). The
 * catalog file systemd/amid.catalog is printed from this table.
 */
#pragma once

#include "base/log.h"
#include "base/text.h"

enum event {
        EVENT_STARTED,
        EVENT_STOPPED,
        EVENT_RELOADED,
        EVENT_RELOAD_FAILED,
        EVENT_RUN_STARTED,
        EVENT_RUN_FINISHED,
        EVENT_RUN_FAILED,
        EVENT_RUN_SKIPPED,
        EVENT_SCHEDULE_LEFT,
        EVENT_FIRING_MISSED,
        EVENT_TARGETS_UNEXPECTED,
        EVENT_TARGETS_SHRUNK,
        EVENT_IMAGE_STARTED,
        EVENT_IMAGE_AVAILABLE,
        EVENT_IMAGE_FAILED,
        EVENT_IMAGE_FOUND,
        EVENT_IMAGE_STALLED,
        EVENT_INSTANCE_READY,
        EVENT_INSTANCE_NOT_READY,
        EVENT_INSTANCE_STOPPING,
        EVENT_INSTANCE_STARTED,
        EVENT_START_REFUSED,
        EVENT_NOT_STARTED,
        EVENT_WAS_IMPAIRED,
        EVENT_IMAGE_REFUSED,
        EVENT_INSTANCE_FROZEN,
        EVENT_INSTANCE_THAWED,
        EVENT_THAW_UNKNOWN,
        EVENT_GROUPS_UNKNOWN,
        EVENT_TAKEN_OUT,
        EVENT_PUT_BACK,
        EVENT_NOT_PUT_BACK,
        EVENT_OUT_OF_SERVICE,
        EVENT_LEFT_DOWN,
        EVENT_ANOTHER_DAEMON,
        EVENT_SHORTFALL,
        EVENT_RUN_HALTED,
        EVENT_IMAGE_REMOVED,
        EVENT_REMOVAL_FAILED,
        EVENT_IMAGE_KEPT,
        EVENT_IMAGE_RELEASED,
        EVENT_SNAPSHOTS_LEFT,
        EVENT_IMAGES_ADOPTED,
        EVENT_IMAGE_NOT_ADOPTED,
        EVENT_STORE_FAILED,
        EVENT_AWS_SILENT,
        EVENT_AWS_REFUSES,
        EVENT_CLOCK_WRONG,
        EVENT_CLOCK_AGREES,
        EVENTS,
};

extern const struct log_event events[EVENTS];

/* The message catalog in systemd's format, systemd.journal-fields(7), journalctl(1). */
void events_print_catalog(struct text *text);
