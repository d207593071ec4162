/* Runs a program and reads its output, without blocking the loop. */
#include "aws/credentials/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aws/credentials/split.h"
#include "base/alloc.h"
#include "base/text.h"

extern char **environ;

/* The standard output or standard error of the program. */
struct stream {
        struct process *process;
        int fd;
        struct io *io;
        char *data;
        size_t size, max;
};

struct process {
        struct loop *loop;
        struct timer *timer; /* the time limit; fires at once with `error` */
        struct stream out, err;
        pid_t pid; /* 0: not running */
        int pidfd;
        struct io *exit;
        char *error; /* why there is no output */
        process_fn *done;
        void *userdata;
};

static void stream_close(struct stream *stream)
{
        stream->io = io_free(stream->io);
        closep(&stream->fd);
        stream->fd = -1;
}

/* Kills the process group, because children of the program may keep its output open. */
static void end_child(struct process *process, int *ret_status)
{
        if (process->pid <= 0)
                return;
        kill(-process->pid, SIGKILL);
        kill(process->pid, SIGKILL);
        while (waitpid(process->pid, ret_status, 0) < 0 && errno == EINTR)
                ;
        process->pid = 0;
        process->exit = io_free(process->exit);
        closep(&process->pidfd);
        process->pidfd = -1;
}

struct process *process_free(struct process *process)
{
        int status;

        if (!process)
                return NULL;
        end_child(process, &status);
        stream_close(&process->out);
        stream_close(&process->err);
        timer_free(process->timer);
        if (process->out.data)
                explicit_bzero(process->out.data, process->out.max);
        free(process->out.data);
        free(process->err.data);
        free(process->error);
        free(process);
        return NULL;
}

/* Calls back. The callback may free the process: the caller must not use it afterwards. */
static void finish(struct process *process)
{
        timer_disarm(process->timer);
        if (process->error)
                process->done(NULL, 0, process->error, process->userdata);
        else
                process->done(process->out.data, process->out.size, NULL, process->userdata);
}

static void fail(struct process *process, char *error)
{
        free(process->error);
        process->error = error;
        finish(process);
}

/* ---- exit ---- */

/* The exit status and the standard error as one line. Caller frees. */
static char *complaint(struct process *process, int status)
{
        char *text = process->err.data;

        for (size_t i = 0; i < process->err.size; i++)
                if ((unsigned char)text[i] < ' ')
                        text[i] = ' ';
        while (process->err.size && text[process->err.size - 1] == ' ')
                text[--process->err.size] = '\0';
        if (!is_printable_utf8(text))
                text[0] = '\0';
        if (WIFSIGNALED(status))
                return xasprintf("it died of signal %d%s%s", WTERMSIG(status), *text ? ": " : "",
                                 text);
        return xasprintf("it ended with status %d%s%s", WEXITSTATUS(status), *text ? ": " : "",
                         text);
}

static void stream_read(struct stream *stream);

static void on_end(int fd, unsigned int events, void *userdata)
{
        struct process *process = userdata;
        int status = 0;

        (void)fd;
        (void)events;
        /* The pipes may still hold output from before the exit. */
        stream_read(&process->out);
        stream_read(&process->err);
        if (waitpid(process->pid, &status, WNOHANG) != process->pid)
                return;
        kill(-process->pid, SIGKILL);
        process->pid = 0;
        process->exit = io_free(process->exit);
        if (process->out.size == process->out.max)
                fail(process, xasprintf("it printed more than %d bytes", PROCESS_OUTPUT_MAX));
        else if (status != 0)
                fail(process, complaint(process, status));
        else
                finish(process);
}

static void on_timer(void *userdata)
{
        struct process *process = userdata;
        int status;

        if (!process->error)
                process->error = xasprintf("it was still running after %d s", PROCESS_SECONDS_MAX);
        end_child(process, &status);
        finish(process);
}

/* ---- output ---- */

/* Reads without blocking; drops output beyond the limit. */
static void stream_read(struct stream *stream)
{
        char buffer[4096];
        ssize_t n;

        while (stream->fd >= 0 && (n = read(stream->fd, buffer, sizeof(buffer))) != 0) {
                size_t room = stream->max - stream->size;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        break;
                if (n < 0) {
                        stream_close(stream);
                        break;
                }
                if ((size_t)n < room)
                        room = (size_t)n;
                memcpy(stream->data + stream->size, buffer, room);
                stream->size += room;
        }
        if (stream->fd >= 0 && n == 0)
                stream_close(stream);
        explicit_bzero(buffer, sizeof(buffer));
}

static void on_output(int fd, unsigned int events, void *userdata)
{
        (void)fd;
        (void)events;
        stream_read(userdata);
}

/* ---- start ---- */

/* Makes the pipe. Returns the descriptor for the child. */
static int stream_open(struct stream *stream, struct process *process, size_t max)
{
        int fds[2], r;

        stream->process = process;
        stream->max = max;
        stream->data = xcalloc(max + 1, 1);
        stream->fd = -1;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        stream->fd = fds[0];
        fcntl(fds[0], F_SETFL, O_NONBLOCK);
        r = io_new(process->loop, fds[0], IO_READ, on_output, stream, &stream->io);
        if (r < 0) {
                close(fds[1]);
                return r;
        }
        return fds[1];
}

/* Resets signals for the program: the loop blocks the signals it handles and ignores SIGPIPE. */
static int spawn(char **words, int out, int err, pid_t *ret)
{
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, pipe;
        int r;

        sigemptyset(&none);
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &pipe);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
        r = posix_spawnp(ret, words[0], &actions, &attributes, words, environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        return -r;
}

static int start(struct process *process, char **words)
{
        _cleanup_close_ int out = stream_open(&process->out, process, PROCESS_OUTPUT_MAX);
        _cleanup_close_ int err = stream_open(&process->err, process, PROCESS_ERROR_MAX);
        int r = out < 0 ? out : err < 0 ? err : 0;

        if (r < 0 || (r = spawn(words, out, err, &process->pid)) < 0)
                return r;
        process->pidfd = pidfd_open(process->pid, 0);
        if (process->pidfd < 0)
                return -errno;
        return io_new(process->loop, process->pidfd, IO_READ, on_end, process, &process->exit);
}

struct process *process_run(struct loop *loop, const char *command, process_fn *done,
                            void *userdata)
{
        struct process *process = xnew(struct process);
        const char *why = NULL;
        char **words = NULL;
        size_t n = 0;
        int r;

        process->loop = loop;
        process->pidfd = process->out.fd = process->err.fd = -1;
        process->done = done;
        process->userdata = userdata;
        process->timer = timer_new(loop, on_timer, process);
        r = split_words(command, &words, &n, &why);
        if (r < 0) {
                process->error = xasprintf("the command has %s", why);
        } else if ((r = start(process, words)) < 0) {
                process->error = xasprintf("%s: %s", words[0],
                                           strerror(-r)); /* NOLINT(concurrency-mt-unsafe) */
        }
        timer_arm(process->timer, process->error ? 0 : PROCESS_SECONDS_MAX * USEC_PER_SEC);
        strings_free(words, n);
        return process;
}
