/* Simulates the outage slots of a schedule, to predict order and duration. */
#include "control/rolling.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static bool is_down(const struct rolling *instance, sec_t now, sec_t away)
{
        return instance->order && instance->begins <= now && now < instance->begins + away;
}

struct line {
        struct rolling *instances;
        size_t n;
        unsigned int max_parallel;
        sec_t unknown; /* duration that counts for instances with an unknown one */
};

static sec_t away_of(const struct line *line, const struct rolling *instance)
{
        return instance->away ? instance->away : line->unknown;
}

static bool may_begin(const struct line *line, const struct rolling *instance, sec_t now)
{
        for (const char *group = instance->groups; group; group = lines_next(group)) {
                size_t length = strcspn(group, "\n");
                unsigned int down = 0;

                for (size_t i = 0; i < line->n; i++) {
                        const struct rolling *other = &line->instances[i];

                        down += is_down(other, now, away_of(line, other)) &&
                                lines_contain(other->groups, group, length);
                }
                if (down >= line->max_parallel)
                        return false;
        }
        return true;
}

/* Begins the outages that may begin now. Returns their number. */
static size_t begin_at(const struct line *line, sec_t now, unsigned int wave)
{
        size_t begun = 0;

        for (size_t i = 0; i < line->n; i++) {
                struct rolling *instance = &line->instances[i];

                if (!instance->groups || instance->order || !may_begin(line, instance, now))
                        continue;
                instance->begins = now;
                instance->order = wave;
                begun++;
        }
        return begun;
}

/* When the next outage ends. */
static sec_t next_return(const struct line *line, sec_t now)
{
        sec_t soonest = SEC_NEVER;

        for (size_t i = 0; i < line->n; i++) {
                const struct rolling *instance = &line->instances[i];
                sec_t back = instance->begins + away_of(line, instance);

                if (is_down(instance, now, away_of(line, instance)) && back < soonest)
                        soonest = back;
        }
        return soonest;
}

sec_t rolling_plan(struct rolling *instances, size_t n, unsigned int max_parallel)
{
        struct line line = { instances, n, max_parallel, 0 };
        sec_t now = 0, end = 0;
        size_t left = 0;
        bool known;

        for (size_t i = 0; i < n; i++) {
                instances[i].order = 0;
                instances[i].begins = 0;
                left += instances[i].groups != NULL;
                if (instances[i].groups && instances[i].away > line.unknown)
                        line.unknown = instances[i].away;
        }
        known = line.unknown > 0;
        if (!known)
                line.unknown = 1; /* any positive duration gives the order */
        for (unsigned int wave = 1; left > 0;) {
                size_t begun = begin_at(&line, now, wave);

                left -= begun;
                wave += begun > 0;
                if (left > 0)
                        now = next_return(&line, now);
        }
        for (size_t i = 0; i < n; i++) {
                sec_t back = instances[i].begins + away_of(&line, &instances[i]);

                if (instances[i].order && back > end)
                        end = back;
        }
        return known ? end : 0;
}
