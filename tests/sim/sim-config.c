/* POST /sim/config: timelines, limits, accounts. */
#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-control.h"

enum { SECONDS_MAX = 1000000000 };

static bool read_range(struct control *control, const cJSON *from, struct range *ret)
{
        const cJSON *low = from, *high = from;

        if (cJSON_IsArray(from) && cJSON_GetArraySize(from) == 2) {
                low = cJSON_GetArrayItem(from, 0);
                high = cJSON_GetArrayItem(from, 1);
        }
        if (!cJSON_IsNumber(low) || !cJSON_IsNumber(high) || low->valuedouble < 0 ||
            low->valuedouble > high->valuedouble || high->valuedouble > SECONDS_MAX)
                return control_fail(control, "the time \"%s\" must be seconds or [least, most]",
                                    from->string);
        *ret = (struct range){ (usec_t)(low->valuedouble * (double)USEC_PER_SEC),
                               (usec_t)(high->valuedouble * (double)USEC_PER_SEC) };
        return true;
}

static bool read_timeline(struct control *control, const cJSON *from)
{
        const cJSON *member;

        cJSON_ArrayForEach (member, from) {
                enum wait wait = wait_by_name(member->string);

                if (wait == WAITS)
                        return control_fail(control, "there is no time \"%s\"", member->string);
                if (!read_range(control, member, &control->sim->timeline.waits[wait]))
                        return false;
        }
        return true;
}

static bool read_accounts(struct control *control, const cJSON *from)
{
        const cJSON *member;

        cJSON_ArrayForEach (member, from) {
                const char *number = cJSON_IsString(member) ? member->valuestring : "";

                if (strlen(number) != 12 || strspn(number, "0123456789") != 12)
                        return control_fail(control, "the account of \"%s\" must be 12 digits",
                                            member->string);
                sim_add_account(control->sim, member->string, number);
        }
        return true;
}

static void print_timeline(struct control *control)
{
        cJSON *object = cJSON_AddObjectToObject(control->result, "timeline");

        for (size_t i = 0; i < WAITS; i++) {
                const struct range *range = &control->sim->timeline.waits[i];
                const double both[] = { (double)range->min / (double)USEC_PER_SEC,
                                        (double)range->max / (double)USEC_PER_SEC };

                cJSON_AddItemToObject(object, wait_infos[i].name, cJSON_CreateDoubleArray(both, 2));
        }
}

/* Answers with what then holds, so that an empty call asks. */
bool control_config(struct control *control)
{
        static const char *const names[] = { "timeline",          "accounts", "buckets", "speed",
                                             "pending-snapshots", "page",     NULL };
        const cJSON *from = control->arguments;
        struct sim *sim = control->sim;
        double speed = sim->timeline.speed, pending = sim->pending_snapshots_max;
        double page = sim->page_max;

        if (!control_check_members(control, from, names) ||
            !control_bool(control, from, "buckets", &sim->buckets_on) ||
            !control_number(control, from, "speed", 0.001, 1e6, &speed) ||
            !control_number(control, from, "pending-snapshots", 0, 1e6, &pending) ||
            !control_number(control, from, "page", 0, 1000, &page) ||
            !read_timeline(control, cJSON_GetObjectItemCaseSensitive(from, "timeline")) ||
            !read_accounts(control, cJSON_GetObjectItemCaseSensitive(from, "accounts")))
                return false;
        sim->timeline.speed = speed;
        sim->pending_snapshots_max = (unsigned int)pending;
        sim->page_max = (unsigned int)page;
        json_bool(control->result, "buckets", sim->buckets_on);
        json_number(control->result, "speed", sim->timeline.speed);
        json_number(control->result, "pending-snapshots", sim->pending_snapshots_max);
        json_number(control->result, "page", sim->page_max);
        print_timeline(control);
        return true;
}
