/* Writing XML. A NULL text leaves its element out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/time.h"

void xml_open(struct text *out, const char *name);
void xml_close(struct text *out, const char *name);
void xml_text(struct text *out, const char *name, const char *value);
void xml_number(struct text *out, const char *name, int64_t value);
void xml_bool(struct text *out, const char *name, bool value);
/* 2026-08-07T03:00:00.000Z; the caller frees. */
char *time_text(usec_t value);
void xml_time(struct text *out, const char *name, usec_t value);
