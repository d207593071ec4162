/* The interfaces of the control socket in Varlink's own words: what GetInterfaceDescription gives,
 * and what a test holds the method table to. https://varlink.org/Interface-Definition */
#pragma once

#include <stddef.h>

#define MANAGER_INTERFACE "io.amid.Manager"
#define SERVICE_INTERFACE "org.varlink.service"

struct interface {
        const char *name, *description;
};
extern const struct interface interfaces[];
extern const size_t n_interfaces;
