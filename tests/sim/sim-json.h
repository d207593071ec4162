/* Small helpers around cJSON. Members with a NULL text are left out. */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/time.h"

void json_text(cJSON *object, const char *name, const char *value);
void json_number(cJSON *object, const char *name, double value);
void json_bool(cJSON *object, const char *name, bool value);
/* Seconds since 1970 with a fraction; left out when it is USEC_INFINITY. */
void json_time(cJSON *object, const char *name, usec_t value);
