/* Reads the command line, and prints its help. */
#include "sim/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-timeline.h"

void options_done(struct options *options)
{
        free(options->address);
        strings_free(options->regions, options->n_regions);
        strings_free(options->fleets, options->n_fleets);
        strings_free(options->keys, options->n_keys);
}

void options_help(void)
{
        (void)printf(
                "Usage: ec2sim [OPTION]...\n"
                "A simulated EC2. Prints the port it listens on as one line when it is ready.\n\n"
                "  --listen ADDRESS:PORT  default 127.0.0.1:0; port 0 takes a free one\n"
                "  --seed N               of all that is random (default 1)\n"
                "  --speed X              what takes time takes 1/X of it\n"
                "  --fleet N|FILE         instances from the start: a number, or JSON as for\n"
                "                         POST /sim/fleet; may be repeated\n"
                "  --region NAME          only these regions; may be repeated, the first is the\n"
                "                         fleet's (default: all, us-east-1)\n"
                "  --key ID:SECRET        verify signatures with these keys; may be repeated\n"
                "                         (default: any key is good)\n"
                "  --no-buckets           no token buckets: never RequestLimitExceeded by itself\n"
                "  --help, --version\n\n"
                "Control: POST /sim/fleet /sim/fault /sim/instance /sim/snapshot /sim/config\n"
                "/sim/clock /sim/reset, GET /sim/state /sim/log; tests/sim/README.md tells "
                "more.\n\n"
                "What takes time, in seconds, and what it is:\n");
        for (size_t i = 0; i < WAITS; i++)
                (void)printf("  %-18s %4g to %-4g  %s\n", wait_infos[i].name,
                             (double)wait_infos[i].usual.min / (double)USEC_PER_SEC,
                             (double)wait_infos[i].usual.max / (double)USEC_PER_SEC,
                             wait_infos[i].help);
}

static bool read_listen(const char *text, struct options *options)
{
        const char *colon = strrchr(text, ':');
        unsigned long long port;

        if (!colon || !parse_number(colon + 1, UINT16_MAX, &port))
                return false;
        free(options->address);
        options->address = xstrndup(text, (size_t)(colon - text));
        options->port = (uint16_t)port;
        return true;
}

static bool read_speed(const char *text, double *ret)
{
        char *end;

        *ret = strtod(text, &end);
        return end != text && !*end && *ret > 0 && *ret <= 1e6;
}

/* The option that was wrong, or that asks for something else than to run; 0: run. */
static int read_option(int option, struct options *options)
{
        unsigned long long number = 0;

        switch (option) {
        case 'l':
                return read_listen(optarg, options) ? 0 : OPTION_BAD;
        case 's':
                if (!parse_number(optarg, UINT64_MAX, &number))
                        return OPTION_BAD;
                options->sim.seed = number;
                return 0;
        case 'x':
                return read_speed(optarg, &options->sim.speed) ? 0 : OPTION_BAD;
        case 'f':
                *append(options->fleets, options->n_fleets) = xstrdup(optarg);
                return 0;
        case 'r':
                *append(options->regions, options->n_regions) = xstrdup(optarg);
                return 0;
        case 'k':
                *append(options->keys, options->n_keys) = xstrdup(optarg);
                return strchr(optarg, ':') ? 0 : OPTION_BAD;
        case 'b':
                options->no_buckets = true;
                return 0;
        default:
                return option;
        }
}

int options_read(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "listen", required_argument, NULL, 'l' },
                { "seed", required_argument, NULL, 's' },
                { "speed", required_argument, NULL, 'x' },
                { "fleet", required_argument, NULL, 'f' },
                { "region", required_argument, NULL, 'r' },
                { "key", required_argument, NULL, 'k' },
                { "no-buckets", no_argument, NULL, 'b' },
                { "help", no_argument, NULL, OPTION_HELP },
                { "version", no_argument, NULL, OPTION_VERSION },
                {},
        };
        int option;

        while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
                int stop = read_option(option, options);

                if (stop == OPTION_BAD && option != OPTION_BAD)
                        (void)fprintf(stderr, "ec2sim: \"%s\" is not a good value\n", optarg);
                if (stop)
                        return stop;
        }
        if (optind == argc)
                return 0;
        (void)fprintf(stderr, "ec2sim: what is \"%s\"? Try --help\n", argv[optind]);
        return OPTION_BAD;
}
