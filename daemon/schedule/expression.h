/*
 * EventBridge Scheduler's expressions: cron(), rate(), at().
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 *
 * The fields of cron are bit masks. An expression is plain data and needs no free. man/amid.yaml.5
 * has the dialect, also where AWS does not document it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

enum {
        EXPRESSION_TEXT_MAX = 1024, /* bytes of an expression */
        CRON_YEAR_FIRST = 1970,
        CRON_YEAR_LAST = 2199,
};

enum expression_kind { EXPRESSION_CRON, EXPRESSION_RATE, EXPRESSION_AT };

/* The rule for the days of a month. */
enum cron_day_rule {
        CRON_DAYS_OF_MONTH,   /* the mask `days`: bit 1 to 31 */
        CRON_DAYS_OF_WEEK,    /* the mask `weekdays`: bit 0 = Sunday */
        CRON_LAST_DAY,        /* L, L-n: `number` days before the last */
        CRON_LAST_WORKDAY,    /* LW */
        CRON_NEAREST_WORKDAY, /* nW: `number` */
        CRON_LAST_WEEKDAY,    /* 6L, FRIL: the last `weekday` of the month */
        CRON_NTH_WEEKDAY,     /* d#k: the `number`-th `weekday` */
};

struct cron {
        uint64_t minutes;
        uint32_t hours;
        uint32_t days;
        uint16_t months; /* bit 1 to 12 */
        uint8_t weekdays;
        enum cron_day_rule day_rule;
        int number, weekday;
        uint64_t years[(CRON_YEAR_LAST - CRON_YEAR_FIRST) / 64 + 1];
        bool never; /* no date of the calendar matches (30 February) */
};

struct expression {
        enum expression_kind kind;
        struct cron cron;
        sec_t interval;  /* rate */
        struct civil at; /* at */
};

/*
 * Parses an expression. False with a message (caller frees): field, value and allowed range; or a
 * corrected text for Unix cron, "@daily" or a missing "cron( )".
 */
bool expression_parse(const char *text, struct expression *ret, char **ret_error);
