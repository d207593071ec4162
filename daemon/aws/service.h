/* The AWS services amid calls. */
#pragma once

/* How a service takes requests and gives replies. Both of these take a form (lists of `query` are
 * called Name.member.N, which the tables of shapes say) and answer in XML, with error codes in the
 * places that shape-decode.c knows. */
enum protocol { PROTOCOL_EC2, PROTOCOL_QUERY };

struct service {
        const char *name;    /* of the host and of the signature: "ec2" */
        const char *shout;   /* of environment variables: AWS_ENDPOINT_URL_EC2 */
        const char *section; /* of a [services] section of the shared config */
        const char *version;
        enum protocol protocol;
};
extern const struct service service_ec2, service_sts;
