/* The AWS services that amid calls. */
#pragma once

/* The protocol of a service (wire.h). EC2 and QUERY: requests are forms, replies XML; the shapes of
 * QUERY name lists Name.member.N. JSON: requests and replies are documents, and a header names the
 * action. */
enum protocol { PROTOCOL_EC2, PROTOCOL_QUERY, PROTOCOL_JSON_1_1 };

struct service {
        const char *name;    /* in host names, signatures and IAM: "ec2" */
        const char *shout;   /* in environment variables: AWS_ENDPOINT_URL_EC2 */
        const char *section; /* of a [services] section of the shared config */
        const char *version;
        enum protocol protocol;
        const char *target; /* JSON: prefix of the action in X-Amz-Target, "AmazonSSM" */
};
extern const struct service service_ec2, service_sts, service_ssm, service_elb, service_autoscaling;
