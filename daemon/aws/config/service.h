/* The AWS services amid calls. */
#pragma once

/* How a service takes requests and gives replies: wire.h. EC2 and QUERY take a form (lists of
 * `query` are called Name.member.N, which the tables of shapes say) and answer in XML; JSON takes
 * and answers documents, the action being in a header. */
enum protocol { PROTOCOL_EC2, PROTOCOL_QUERY, PROTOCOL_JSON_1_1 };

struct service {
        const char *name;    /* of the host, the signature and IAM: "ec2" */
        const char *shout;   /* of environment variables: AWS_ENDPOINT_URL_EC2 */
        const char *section; /* of a [services] section of the shared config */
        const char *version;
        enum protocol protocol;
        const char *target; /* JSON: what precedes the action in X-Amz-Target, "AmazonSSM" */
};
extern const struct service service_ec2, service_sts, service_ssm, service_elb, service_autoscaling;
