/* The interfaces of the control socket in Varlink's language, for GetInterfaceDescription. A test
 * compares them with the table of methods. https://varlink.org/Interface-Definition */
#pragma once

#include <stddef.h>

#define MANAGER_INTERFACE "io.amid.Manager"
#define SERVICE_INTERFACE "org.varlink.service"

struct interface {
        const char *name, *description;
};
extern const struct interface interfaces[];
extern const size_t n_interfaces;
