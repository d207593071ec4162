/* Gets the role's name, then its credentials, from IMDS. */
#include "aws/credentials/imds-credentials.h"

#include <string.h>

#include "aws/credentials/document.h"
#include "base/alloc.h"
#include "base/text.h"

struct imds_credentials {
        struct imds *imds;
        struct imds_query *query;
        imds_credentials_fn *done;
        void *userdata;
};

static void on_keys(const char *body, size_t size, const char *error, void *userdata)
{
        struct imds_credentials *asked = userdata;
        _cleanup_free_ char *why = NULL;
        _cleanup_(credentials_unrefp) struct credentials *credentials =
                document_take(&document_imds, body, size, error, &why);

        asked->done(credentials, why, asked->userdata);
}

static void on_role(const char *body, size_t size, const char *error, void *userdata)
{
        struct imds_credentials *asked = userdata;
        _cleanup_(text_done) struct text path = {};
        size_t name_size = body ? strcspn(body, "\r\n") : 0;

        (void)size;
        if (name_size == 0) {
                asked->done(NULL, body ? "the instance has no role" : error, asked->userdata);
                return;
        }
        text_append(&path, "meta-data/iam/security-credentials/");
        text_percent_encode(&path, body, name_size, false);
        imds_query_free(asked->query);
        asked->query = imds_get(asked->imds, text_get(&path), on_keys, asked);
}

struct imds_credentials *imds_credentials_get(struct imds *imds, imds_credentials_fn *done,
                                              void *userdata)
{
        struct imds_credentials *asked = xnew(struct imds_credentials);

        asked->imds = imds;
        asked->done = done;
        asked->userdata = userdata;
        asked->query = imds_get(imds, "meta-data/iam/security-credentials/", on_role, asked);
        return asked;
}

struct imds_credentials *imds_credentials_free(struct imds_credentials *asked)
{
        if (!asked)
                return NULL;
        imds_query_free(asked->query);
        free(asked);
        return NULL;
}
