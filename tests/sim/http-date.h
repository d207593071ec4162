/* The Date header of an HTTP reply, RFC 9110 section 5.6.7. */
#pragma once

#include <stdio.h>

#include "base/time.h"

static inline const char *format_http_date(sec_t sec, char buffer[static TIME_TEXT_MAX])
{
        static const char days[] = "SunMonTueWedThuFriSat";
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        struct civil civil = civil_from_sec(sec);
        int day = weekday_of_days(days_from_civil(civil.year, civil.month, civil.day));

        (void)snprintf(buffer, TIME_TEXT_MAX, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                       days + (size_t)3 * (size_t)day, civil.day % 100,
                       months + (size_t)3 * (size_t)(civil.month - 1), (int)civil.year % 10000,
                       civil.hour % 100, civil.minute % 100, civil.second % 100);
        return buffer;
}
