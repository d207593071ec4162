/* Endpoints of regions, and configured URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "aws/config/endpoint.h"
#include "base/text.h"

static void a_region_has_its_endpoint(void **state)
{
        static const struct {
                int line;
                const char *region, *override;
                const char *url, *host, *target; /* url NULL: refused */
        } rows[] = {
                { __LINE__, "us-east-1", NULL, "https://ec2.us-east-1.amazonaws.com/",
                  "ec2.us-east-1.amazonaws.com", "/" },
                { __LINE__, "mars-north-1", NULL, "https://ec2.mars-north-1.amazonaws.com/",
                  "ec2.mars-north-1.amazonaws.com", "/" },
                { __LINE__, "cn-north-1", NULL, "https://ec2.cn-north-1.amazonaws.com.cn/",
                  "ec2.cn-north-1.amazonaws.com.cn", "/" },
                { __LINE__, "us-gov-west-1", NULL, "https://ec2.us-gov-west-1.amazonaws.com/",
                  "ec2.us-gov-west-1.amazonaws.com", "/" },
                { __LINE__, "eusc-de-east-1", NULL, "https://ec2.eusc-de-east-1.amazonaws.eu/",
                  "ec2.eusc-de-east-1.amazonaws.eu", "/" },
                { __LINE__, "us-iso-east-1", NULL, "https://ec2.us-iso-east-1.c2s.ic.gov/",
                  "ec2.us-iso-east-1.c2s.ic.gov", "/" },
                { __LINE__, "us-isob-east-1", NULL, "https://ec2.us-isob-east-1.sc2s.sgov.gov/",
                  "ec2.us-isob-east-1.sc2s.sgov.gov", "/" },
                /* a region is part of a host name */
                { __LINE__, "", NULL, NULL, NULL, NULL },
                { __LINE__, "us-east-1.example.com", NULL, NULL, NULL, NULL },
                { __LINE__, "us-east-1/", NULL, NULL, NULL, NULL },
                { __LINE__, "a@b", NULL, NULL, NULL, NULL },
                { __LINE__, "-a", NULL, NULL, NULL, NULL },
                { __LINE__, "us east", NULL, NULL, NULL, NULL },
                /* overrides */
                { __LINE__, "r", "http://127.0.0.1:5000", "http://127.0.0.1:5000/",
                  "127.0.0.1:5000", "/" },
                { __LINE__, "r", "HTTP://localhost/x/y", "http://localhost/x/y", "localhost",
                  "/x/y" },
                { __LINE__, "r", "http://[::1]:80/", "http://[::1]/", "[::1]", "/" },
                { __LINE__, "r", "http://127.9.9.9", "http://127.9.9.9/", "127.9.9.9", "/" },
                { __LINE__, "r", "https://vpce-1.ec2.example.com:443",
                  "https://vpce-1.ec2.example.com/", "vpce-1.ec2.example.com", "/" },
                { __LINE__, "r", "https://h:8443/", "https://h:8443/", "h:8443", "/" },
                { __LINE__, "r", "http://ec2.example.com/", NULL, NULL, NULL },
                { __LINE__, "r", "http://127.0.0.1.example.com/", NULL, NULL, NULL },
                { __LINE__, "r", "http://localhost.example.com/", NULL, NULL, NULL },
                { __LINE__, "r", "http://127.0.0.1@example.com/", NULL, NULL, NULL },
                { __LINE__, "r", "https://user:secret@h/", NULL, NULL, NULL },
                { __LINE__, "r", "https://h/?a=b", NULL, NULL, NULL },
                { __LINE__, "r", "https://h/#a", NULL, NULL, NULL },
                { __LINE__, "r", "https://h:port/", NULL, NULL, NULL },
                { __LINE__, "r", "https://h:/", NULL, NULL, NULL },
                { __LINE__, "r", "https://[::1/", NULL, NULL, NULL },
                { __LINE__, "r", "https:///x", NULL, NULL, NULL },
                { __LINE__, "r", "https://a b/", NULL, NULL, NULL },
                { __LINE__, "r", "https://h/\r\nX: y", NULL, NULL, NULL },
                { __LINE__, "r", "ftp://h/", NULL, NULL, NULL },
                { __LINE__, "r", "127.0.0.1:5000", NULL, NULL, NULL },
                { __LINE__, "r", "", NULL, NULL, NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(endpoint_done) struct endpoint endpoint = {};
                _cleanup_free_ char *error = NULL;
                int r = endpoint_resolve("ec2", rows[i].region,
                                         &(struct endpoint_options){ .override = rows[i].override },
                                         &endpoint, &error);

                if (r != (rows[i].url ? 0 : -EINVAL) || !error != !r ||
                    !streq(endpoint.url, rows[i].url) || !streq(endpoint.host, rows[i].host) ||
                    !streq(endpoint.target, rows[i].target))
                        fail_msg("row of line %d: %d %s %s", rows[i].line, r, endpoint.url, error);
                if (error && strstr(error, "secret"))
                        fail_msg("row of line %d: a password in a message", rows[i].line);
        }
}

static void a_region_belongs_to_its_partition(void **state)
{
        (void)state;
        assert_string_equal(endpoint_partition("eu-west-1"), "aws");
        assert_string_equal(endpoint_partition("cn-northwest-1"), "aws-cn");
        assert_string_equal(endpoint_partition("us-gov-east-1"), "aws-us-gov");
        assert_string_equal(endpoint_partition("eu-isoe-west-1"), "aws-iso-e");
}

/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html */
static void fips_and_dualstack_change_the_endpoint(void **state)
{
        static const struct {
                int line;
                const char *service, *region, *override;
                bool fips, dualstack;
                const char *host; /* NULL: refused */
        } rows[] = {
                { __LINE__, "ec2", "us-east-1", NULL, true, false,
                  "ec2-fips.us-east-1.amazonaws.com" },
                { __LINE__, "ec2", "us-east-1", NULL, false, true, "ec2.us-east-1.api.aws" },
                { __LINE__, "sts", "us-east-1", NULL, true, true, "sts-fips.us-east-1.api.aws" },
                { __LINE__, "ec2", "us-gov-west-1", NULL, true, false,
                  "ec2.us-gov-west-1.amazonaws.com" },
                { __LINE__, "ec2", "us-gov-west-1", NULL, true, true,
                  "ec2-fips.us-gov-west-1.api.aws" },
                { __LINE__, "ec2", "cn-north-1", NULL, false, true,
                  "ec2.cn-north-1.api.amazonwebservices.com.cn" },
                /* no region of GovCloud or of the isolated partitions by its form */
                { __LINE__, "ec2", "us-gov-west", NULL, true, false,
                  "ec2-fips.us-gov-west.amazonaws.com" },
                { __LINE__, "ec2", "us-isox-east-1", NULL, false, false,
                  "ec2.us-isox-east-1.amazonaws.com" },
                /* a configured URL goes before the variants */
                { __LINE__, "ec2", "us-east-1", "https://h/", true, true, "h" },
                { __LINE__, "ec2", "us-east-1", "http://h/", true, true, NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(endpoint_done) struct endpoint endpoint = {};
                _cleanup_free_ char *error = NULL;

                endpoint_resolve(rows[i].service, rows[i].region,
                                 &(struct endpoint_options){ .override = rows[i].override,
                                                             .fips = rows[i].fips,
                                                             .dualstack = rows[i].dualstack },
                                 &endpoint, &error);
                if (!streq(endpoint.host, rows[i].host) || !rows[i].host != !!error)
                        fail_msg("row of line %d: %s, %s", rows[i].line, endpoint.host, error);
        }
        assert_string_equal(endpoint_partition_region("aws-cn"), "cn-northwest-1");
        assert_string_equal(endpoint_partition_region("aws"), "us-east-1");
        assert_string_equal(endpoint_partition_region("aws-mars"), "us-east-1");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_region_has_its_endpoint),
                cmocka_unit_test(fips_and_dualstack_change_the_endpoint),
                cmocka_unit_test(a_region_belongs_to_its_partition),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
