/* The purpose of a Describe request: the row of the request budget that it counts for. */
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-image.h"
#include "sim/sim-snapshot.h"
#include "sim/simulation/checker-private.h"

/* Whether the first image or snapshot of the query is none that the daemon polls. */
static bool is_about_removal(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *id = request_parameter(request->body, "Filter.1.Value.1");
        const struct creation *creation;
        const struct snapshot *snapshot;

        if (id && startswith(id, "snap-")) {
                struct sim_location *location = sim_location(checker->simulation->cloud.sim,
                                                             DEFAULT_ACCOUNT, request->region);
                const char *image;

                snapshot = resource_find(location, KIND_SNAPSHOT, id);
                image = snapshot ? strstr(snapshot->description, "ami-") : NULL;
                creation = image ? creation_by_id(checker, image) : NULL;
                return !creation || creation->removed;
        }
        creation = id ? creation_by_id(checker, id) : NULL;
        return !creation || !creation->polled;
}

enum budget_class budget_class_of(struct checker *checker, const struct cloud_request *request)
{
        if (streq(request->action, "DescribeInstanceStatus"))
                return BUDGET_STATUS;
        if (streq(request->action, "DescribeInstances")) {
                _cleanup_free_ char *filter = request_parameter(request->body, "Filter.1.Name");

                return streq(filter, "image-id") ? BUDGET_REMOVALS : BUDGET_INSTANCES;
        }
        if (streq(request->action, "DescribeSnapshots")) {
                _cleanup_free_ char *filter = request_parameter(request->body, "Filter.1.Name");

                if (filter && startswith(filter, "tag"))
                        return BUDGET_CLASSES;
                return is_about_removal(checker, request) ? BUDGET_REMOVALS : BUDGET_IMAGE_POLL;
        }
        if (streq(request->action, "DescribeImages")) {
                _cleanup_free_ char *filter = request_parameter(request->body, "Filter.1.Name");

                if (streq(filter, "image-id"))
                        return is_about_removal(checker, request) ? BUDGET_REMOVALS
                                                                  : BUDGET_IMAGE_POLL;
                if (filter && startswith(filter, "tag")) {
                        _cleanup_free_ char *second =
                                request_parameter(request->body, "Filter.2.Name");

                        return streq(second, "creation-date") ? BUDGET_DAEMONS : BUDGET_LISTS;
                }
        }
        return BUDGET_CLASSES; /* calls that change something, and the search by name for an image
                                  that may exist */
}
