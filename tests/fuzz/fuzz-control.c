/*
 * A peer of the control socket. The first byte decides whether it is trusted, the others are its
 * input. NUL ends a frame, so an input may have several calls. The manager only records calls.
 */
#include "unit/control/fake-manager.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "control/methods.h"
#include "control/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int refuse_reload(struct text *messages, void *userdata)
{
        (void)userdata;
        text_append(messages, "no");
        return -EINVAL;
}

static void ignore(void *userdata)
{
        (void)userdata;
}

/* The options, made once. The store stays empty, because the fake manager writes nothing. */
static struct control_options *options(void)
{
        static struct manager manager;
        static struct control_options made;
        char directory[] = "/tmp/amid-fuzz-XXXXXX";
        char *error = NULL;

        if (made.loop)
                return &made;
        log_set_max_priority(LOG_EMERG);
        made.manager = &manager;
        made.reload = refuse_reload;
        if (!mkdtemp(directory) || loop_new(&made.loop) < 0 ||
            store_open(directory, &made.store, &error) < 0)
                abort();
        return &made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct control_options *made = options();
        const struct peer peer = { .uid = 1, .pid = 1, .trusted = size && (*data & 1) };
        _cleanup_(session_freep) struct session *session =
                session_new(made, methods, &peer, ignore, NULL);
        const char *output;
        size_t n;

        free(steal(made->manager->last_call));
        if (size)
                session_input(session, data + 1, size - 1);
        session_end_input(session);
        while ((n = session_output(session, &output))) {
                assert(output[n - 1] == '\0');
                session_sent(session, n > 7 ? 7 : n);
        }
        assert(peer.trusted || !made->manager->last_call);
        return 0;
}
