/* print-policy FOLDER: writes the IAM policy of each feature into FOLDER/NAME.json. */
#include <stdio.h>
#include <stdlib.h>

#include "aws/failure/policy.h"
#include "base/alloc.h"
#include "base/cleanup.h"

static int print(const char *folder, enum policy_feature feature)
{
        _cleanup_free_ char *path = xasprintf("%s/%s.json", folder, policy_name(feature));
        cJSON *document = policy_document(1U << feature, &policy_example);
        char *printed = cJSON_Print(document);
        FILE *file = fopen(path, "we");
        int r = file && fprintf(file, "%s\n", printed) > 0 ? 0 : 1;

        if (file && fclose(file) != 0)
                r = 1;
        cJSON_free(printed);
        cJSON_Delete(document);
        return r;
}

int main(int argc, char **argv)
{
        int r = 0;

        if (argc != 2) {
                fprintf(stderr, "usage: print-policy FOLDER\n");
                return 2;
        }
        for (int feature = 0; feature < POLICY_FEATURES && r == 0; feature++)
                r = print(argv[1], (enum policy_feature)feature);
        return r;
}
