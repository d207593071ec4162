/* The command line of ec2sim. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/sim-model.h"

struct options {
        char *address;
        uint16_t port;
        struct sim_options sim;
        char **regions, **fleets, **keys;
        size_t n_regions, n_fleets, n_keys;
        bool no_buckets;
};

enum { OPTION_HELP = 'h', OPTION_VERSION = 'V', OPTION_BAD = '?' };

/* 0: run; else what is wanted instead. What was wrong is on stderr. `options` has the defaults. */
int options_read(int argc, char **argv, struct options *options);
void options_done(struct options *options);
void options_help(void);
