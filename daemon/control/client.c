/* The client of the control socket. */
#include "control/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/text.h"
#include "control/address.h"
#include "control/interface.h"

struct client {
        int fd;
        char *input; /* received bytes; those from `taken` on are not handled yet */
        size_t size, taken;
        int broke; /* positive errno of a failed send */
};

static const char *remedy(int error)
{
        return error == ENOENT || error == ECONNREFUSED
                       ? "The daemon is not running here; see `systemctl status amid`."
               : error == EACCES ? "Use sudo, or join the group amid (usermod -aG amid USER)."
                                 : "See `systemctl status amid`.";
}

int client_connect(const char *path, struct client **ret, char **ret_error)
{
        _cleanup_(client_freep) struct client *client = xnew(struct client);
        struct sockaddr_un address;
        int r = address_of(path, &address);

        client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (r == 0 && (client->fd < 0 ||
                       connect(client->fd, (const struct sockaddr *)&address, sizeof(address)) < 0))
                r = -errno;
        if (r < 0) {
                *ret_error = xasprintf("Cannot reach amid at %s: %s. %s", path, strerror(-r),
                                       remedy(-r));
                return r;
        }
        *ret = steal(client);
        return 0;
}

struct client *client_free(struct client *client)
{
        if (!client)
                return NULL;
        if (client->fd >= 0)
                close(client->fd);
        free(client->input);
        free(client);
        return NULL;
}

void client_call(struct client *client, const char *method, cJSON *parameters, bool more)
{
        _cleanup_free_ char *name = xasprintf(MANAGER_INTERFACE ".%s", method);
        cJSON *call = cJSON_CreateObject();
        char *text;

        cJSON_AddStringToObject(call, "method", name);
        if (parameters)
                cJSON_AddItemToObject(call, "parameters", parameters);
        if (more)
                cJSON_AddBoolToObject(call, "more", true);
        text = cJSON_PrintUnformatted(call);
        cJSON_Delete(call);
        for (size_t sent = 0, size = strlen(text) + 1; sent < size && !client->broke;) {
                ssize_t n = send(client->fd, text + sent, size - sent, MSG_NOSIGNAL);

                if (n >= 0)
                        sent += (size_t)n;
                else if (errno != EINTR)
                        client->broke = errno;
        }
        cJSON_free(text);
}

/* Reads up to the end of a frame; NULL: the connection ended before. */
static const char *read_frame(struct client *client)
{
        size_t searched = client->taken;

        for (;;) {
                const char *end = client->size > searched ? memchr(client->input + searched, '\0',
                                                                   client->size - searched)
                                                          : NULL;
                const char *frame = client->input ? client->input + client->taken : NULL;
                enum { READ_AT_ONCE = 65536 };
                ssize_t n;

                if (end) {
                        client->taken = (size_t)(end - client->input) + 1;
                        return frame;
                }
                if (client->input && client->taken) {
                        client->size -= client->taken;
                        memmove(client->input, client->input + client->taken, client->size);
                        client->taken = 0;
                }
                searched = client->size;
                if (client->size > CLIENT_ANSWER_MAX)
                        return NULL;
                client->input = xrealloc(client->input, client->size + READ_AT_ONCE, 1);
                do
                        n = recv(client->fd, client->input + client->size, READ_AT_ONCE, 0);
                while (n < 0 && errno == EINTR);
                if (n <= 0)
                        return NULL;
                client->size += (size_t)n;
        }
}

static char *error_message(const char *error, const cJSON *parameters)
{
        const cJSON *message = cJSON_GetObjectItemCaseSensitive(parameters, "message");
        _cleanup_free_ char *details = NULL;

        if (cJSON_IsString(message))
                return xstrdup(message->valuestring);
        details = cJSON_PrintUnformatted(parameters);
        return xasprintf("amid answered %s %s", error, details ? details : "");
}

void client_next(struct client *client, struct client_answer *ret)
{
        /* A daemon that closes at once may have sent an answer before: too many connections. */
        bool closed = client->broke == EPIPE || client->broke == ECONNRESET;
        const char *frame = client->broke && !closed ? NULL : read_frame(client);
        cJSON *reply = frame ? cJSON_Parse(frame) : NULL;
        const cJSON *error = cJSON_GetObjectItemCaseSensitive(reply, "error");

        *ret = (struct client_answer){ .outcome = CLIENT_ANSWER };
        if (!reply) {
                ret->outcome = CLIENT_GONE;
                ret->message = xstrdup(
                        "The connection to amid broke; see `systemctl status amid`. What was "
                        "begun goes on, also after a restart.");
        } else if (cJSON_IsString(error)) {
                ret->outcome = CLIENT_REFUSED;
                ret->message = error_message(error->valuestring,
                                             cJSON_GetObjectItemCaseSensitive(reply, "parameters"));
        } else {
                ret->more = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(reply, "continues"));
                ret->parameters = cJSON_DetachItemFromObjectCaseSensitive(reply, "parameters");
        }
        cJSON_Delete(reply);
}

void client_answer_done(struct client_answer *answer)
{
        cJSON_Delete(answer->parameters);
        free(answer->message);
        *answer = (struct client_answer){};
}
