/*
 * The CPU time for decoding a page of DescribeImages, beside expat without handlers on the same
 * bytes. Goal: at most 1.5 times the time of expat.
 *
 * For a comparison with boto3 by bench_decode.py, --page prints the page, and --seconds the CPU
 * time of decoding it once.
 */
#include <expat.h>
#include <string.h>
#include <time.h>

#include "aws/services/ec2.h"
#include "base/alloc.h"
#include "base/text.h"

enum { IMAGES = 1000, ROUNDS = 21 };

static void write_image(struct text *xml, unsigned int i)
{
        static const char *const tags[][2] = {
                { "Name", "web" },
                { "Owner", "ops" },
                { "Env", "prod" },
                { "amid:owner", "amid" },
                { "amid:schedule", "web-nightly" },
                { "amid:run", "0197a1b2c3d4e5f6" },
                { "amid:instance", "i-0123456789abcdef0" },
                { "amid:time", "2027-01-01T00:00:00Z" },
                { "amid:consistency", "reboot" },
        };

        text_printf(xml,
                    "<item><imageId>ami-%017x</imageId>"
                    "<imageLocation>111122223333/web-nightly-i-0123456789abcdef0-%u</imageLocation>"
                    "<imageState>available</imageState><imageOwnerId>111122223333</imageOwnerId>"
                    "<creationDate>2027-01-01T00:00:%02u.000Z</creationDate>"
                    "<isPublic>false</isPublic><architecture>x86_64</architecture>"
                    "<imageType>machine</imageType><sourceInstanceId>i-0123456789abcdef0"
                    "</sourceInstanceId><platformDetails>Linux/UNIX</platformDetails>"
                    "<usageOperation>RunInstances</usageOperation>"
                    "<name>web-nightly-i-0123456789abcdef0-%u</name>"
                    "<description>made by amid</description><rootDeviceType>ebs</rootDeviceType>"
                    "<rootDeviceName>/dev/xvda</rootDeviceName><blockDeviceMapping>",
                    i, i, i % 60, i);
        for (unsigned int k = 0; k < 2; k++)
                text_printf(xml,
                            "<item><deviceName>/dev/xvd%c</deviceName><ebs><snapshotId>snap-%016x%u"
                            "</snapshotId><volumeSize>8</volumeSize><deleteOnTermination>true"
                            "</deleteOnTermination><volumeType>gp3</volumeType><iops>3000</iops>"
                            "<throughput>125</throughput><encrypted>false</encrypted></ebs></item>",
                            'a' + (int)k, i, k);
        text_append(xml, "</blockDeviceMapping><virtualizationType>hvm</virtualizationType>"
                         "<hypervisor>xen</hypervisor><enaSupport>true</enaSupport>"
                         "<sriovNetSupport>simple</sriovNetSupport><bootMode>uefi-preferred"
                         "</bootMode><imdsSupport>v2.0</imdsSupport><tagSet>");
        for (size_t k = 0; k < ELEMENTS(tags); k++)
                text_printf(xml, "<item><key>%s</key><value>%s</value></item>", tags[k][0],
                            tags[k][1]);
        text_append(xml, "</tagSet></item>\n");
}

static char *page(void)
{
        _cleanup_(text_done) struct text xml = {};

        text_append(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeImagesResponse "
                          "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>"
                          "59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId><imagesSet>");
        for (unsigned int i = 0; i < IMAGES; i++)
                write_image(&xml, i);
        text_append(&xml, "</imagesSet></DescribeImagesResponse>");
        return text_steal(&xml);
}

static double cpu_seconds(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double scan(const char *xml, size_t size)
{
        double start = cpu_seconds();
        XML_Parser parser = XML_ParserCreate(NULL);

        if (XML_Parse(parser, xml, (int)size, XML_TRUE) != XML_STATUS_OK)
                abort();
        XML_ParserFree(parser);
        return cpu_seconds() - start;
}

static double decode(const char *xml, size_t size)
{
        double start = cpu_seconds();
        struct ec2_images images = {};
        struct shape_decoded decoded;
        _cleanup_free_ char *error = NULL;

        if (shape_decode(ec2_describe_images.output, &images,
                         &(struct shape_source){ .text = xml, .size = size }, &decoded,
                         &error) < 0 ||
            images.n_images != IMAGES || images.images[0].n_tags != 9)
                abort();
        shape_decoded_done(&decoded);
        shape_done(ec2_describe_images.output, &images);
        return cpu_seconds() - start;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
        _cleanup_free_ char *xml = page();
        size_t size = strlen(xml);
        double scans[ROUNDS], decodes[ROUNDS], ratio;

        if (argc == 2 && streq(argv[1], "--page"))
                return fwrite(xml, size, 1, stdout) == 1 ? 0 : 2;

        for (size_t i = 0; i < ROUNDS; i++) {
                scans[i] = scan(xml, size);
                decodes[i] = decode(xml, size);
        }
        qsort(scans, ROUNDS, sizeof(*scans), compare);
        qsort(decodes, ROUNDS, sizeof(*decodes), compare);
        if (argc == 2 && streq(argv[1], "--seconds"))
                return printf("%.9f\n", decodes[ROUNDS / 2]) > 0 ? 0 : 2;
        ratio = decodes[ROUNDS / 2] / scans[ROUNDS / 2];
        printf("decode: %d images, %zu kB: %.2f ms beside %.2f ms of a bare expat scan, ratio %.2f "
               "(goal: at most 1.5)\n",
               IMAGES, size / 1000, decodes[ROUNDS / 2] * 1e3, scans[ROUNDS / 2] * 1e3, ratio);
        return ratio <= 1.5 ? 0 : 1;
}
