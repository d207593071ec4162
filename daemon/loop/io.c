/* Watches of file descriptors. */
#include <assert.h>
#include <sys/epoll.h>

#include "base/alloc.h"
#include "loop/internal.h"
#include "loop/loop.h"

struct io {
        sd_event_source *source;
        io_fn *callback;
        void *userdata;
};

static uint32_t to_epoll(unsigned int events)
{
        return (events & IO_READ ? (uint32_t)EPOLLIN : 0) |
               (events & IO_WRITE ? (uint32_t)EPOLLOUT : 0);
}

static unsigned int from_epoll(uint32_t events)
{
        return (events & EPOLLIN ? IO_READ : 0U) | (events & EPOLLOUT ? IO_WRITE : 0U) |
               (events & (EPOLLHUP | EPOLLERR) ? IO_HANGUP : 0U);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct io *io = userdata;

        (void)source;
        io->callback(fd, from_epoll(events), io->userdata); /* may free `io` */
        return 0;
}

int io_new(struct loop *loop, int fd, unsigned int events, io_fn *callback, void *userdata,
           struct io **ret)
{
        _cleanup_free_ struct io *io = xnew(struct io);
        int r;

        io->callback = callback;
        io->userdata = userdata;
        r = sd_event_add_io(loop->event, &io->source, fd, to_epoll(events), on_io, io);
        if (r < 0)
                return r;
        *ret = steal(io);
        return 0;
}

void io_set_events(struct io *io, unsigned int events)
{
        int r = sd_event_source_set_io_events(io->source, to_epoll(events));

        assert(r >= 0); /* fails only for a closed fd, a bug of the caller */
}

struct io *io_free(struct io *io)
{
        if (io)
                sd_event_source_unref(io->source);
        free(io);
        return NULL;
}
