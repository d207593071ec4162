/* Helpers around cJSON. */
#include "sim/sim-json.h"

void json_text(cJSON *object, const char *name, const char *value)
{
        if (value)
                cJSON_AddStringToObject(object, name, value);
}

void json_number(cJSON *object, const char *name, double value)
{
        cJSON_AddNumberToObject(object, name, value);
}

void json_bool(cJSON *object, const char *name, bool value)
{
        cJSON_AddBoolToObject(object, name, value);
}

void json_time(cJSON *object, const char *name, usec_t value)
{
        if (value != USEC_INFINITY)
                json_number(object, name, (double)value / (double)USEC_PER_SEC);
}
