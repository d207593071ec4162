/* XML replies. Whatever comes, the decoder ends, leaks nothing, and a refused reply adds nothing.
 */
#include <stdint.h>

#include "aws/ec2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const struct action *action, void *object, const char *xml, size_t size)
{
        const struct shape *shape = action->output;
        struct shape_decoded decoded;
        char *error = NULL;
        int r = shape_decode(shape, object, xml, size, &decoded, &error);

        if (r < 0 != (error != NULL))
                abort();
        free(error);
        if (r == 0)
                shape_decoded_done(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        union {
                struct ec2_instances instances;
                struct ec2_images images;
                struct ec2_snapshots snapshots;
                struct ec2_instance_statuses statuses;
        } all;
        const char *xml = (const char *)data;

        for (size_t i = 0; ec2_actions[i]; i++) {
                const struct action *action = ec2_actions[i];

                all = (__typeof__(all)){};
                decode(action, &all, xml, size);
                /* A second page goes behind the first. */
                decode(action, &all, xml, size);
                if (action->output)
                        shape_done(action->output, &all);
        }
        return 0;
}
