/* Credentials from a credential_process and from the agent of a container. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "aws/config/variable.h"
#include "aws/credentials/chain-private.h"
#include "aws/credentials/container.h"
#include "aws/credentials/document.h"
#include "base/alloc.h"
#include "base/trust.h"

/* ---- credential_process ---- */

static void on_output(const char *output, size_t size, const char *error, void *userdata)
{
        struct chain *chain = userdata;
        _cleanup_free_ char *why = NULL;
        _cleanup_(credentials_unrefp) struct credentials *credentials =
                document_take(&document_process, output, size, error, &why);

        if (credentials && !credentials->account)
                credentials->account = xstrdup(chain_value(chain, "aws_account_id"));
        chain_complete(chain, credentials, why);
}

enum provider_outcome provider_process(struct chain *chain, struct credentials **ret,
                                       char **ret_why)
{
        const char *command = chain_value(chain, "credential_process");

        (void)ret;
        if (!command) {
                *ret_why = xstrdup("none");
                return PROVIDER_UNSET;
        }
        chain->process = process_run(chain->tools->loop, command, on_output, chain);
        return PROVIDER_PENDING;
}

/* ---- the agent of ECS or EKS ---- */

enum { TOKEN_MAX = 16 << 10, CONNECT_SECONDS = 2, REQUEST_SECONDS = 4, STATUS_OK = 200 };

static void on_answer(const struct http_reply *reply, void *userdata)
{
        struct chain *chain = userdata;
        _cleanup_(credentials_unrefp) struct credentials *credentials = NULL;
        _cleanup_free_ char *why = NULL;

        if (reply->outcome != HTTP_ANSWERED)
                why = xstrdup(reply->error);
        else if (reply->status != STATUS_OK)
                why = xasprintf("HTTP %d", reply->status);
        else
                credentials =
                        document_parse(&document_container, reply->body, reply->body_size, &why);
        if (!credentials && ++chain->attempts < CONTAINER_ATTEMPTS_MAX &&
            (reply->outcome != HTTP_ANSWERED || reply->status >= 500))
                timer_arm(chain->timer, CONTAINER_RETRY_SECONDS * USEC_PER_SEC);
        else
                chain_complete(chain, credentials, why);
}

/* The token of $..._TOKEN_FILE, whose content the agent renews, or of $..._TOKEN. */
static int read_token(char buffer[static TOKEN_MAX + 1], const char **ret_token, char **ret_why)
{
        const char *path = variable_get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        const char *token = variable_get("AWS_CONTAINER_AUTHORIZATION_TOKEN");
        _cleanup_close_ int fd = -1;
        ssize_t n;

        if (path) {
                _cleanup_free_ char *untrusted = trust_path(path);

                if (untrusted) {
                        *ret_why = xasprintf("%s is not read: %s", path, untrusted);
                        return -EINVAL;
                }
                fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
                n = fd < 0 ? -1 : read(fd, buffer, TOKEN_MAX);
                if (n < 0) {
                        *ret_why = xasprintf("%s: %s", path, strerror(errno)); /* NOLINT */
                        return -EINVAL;
                }
                buffer[n] = '\0';
                /* Editors end the file with a newline, which is not part of the token. */
                if (n > 0 && buffer[n - 1] == '\n')
                        buffer[n - 1] = '\0';
                token = buffer;
        }
        if (token && !is_printable_utf8(token)) {
                *ret_why = xasprintf("%s is not fit for a header",
                                     path ? path : "$AWS_CONTAINER_AUTHORIZATION_TOKEN");
                return -EINVAL;
        }
        *ret_token = token;
        return 0;
}

enum provider_outcome provider_container(struct chain *chain, struct credentials **ret,
                                         char **ret_why)
{
        const char *relative = variable_get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        const char *full = variable_get("AWS_CONTAINER_CREDENTIALS_FULL_URI"), *token = NULL;
        _cleanup_free_ char *url = NULL, *buffer = xcalloc(TOKEN_MAX + 1, 1);

        (void)ret;
        if (!relative && !full) {
                *ret_why = xstrdup("no $AWS_CONTAINER_CREDENTIALS_..._URI");
                return PROVIDER_UNSET;
        }
        url = container_url(relative, full, ret_why);
        if (!url || read_token(buffer, &token, ret_why) < 0)
                return PROVIDER_BROKEN;
        http_slot_free(chain->http);
        chain->http = http_send(chain->tools->http,
                                &(struct http_request){
                                        .method = "GET",
                                        .url = url,
                                        .headers = { { "Accept", "application/json" },
                                                     { token ? "Authorization" : NULL, token } },
                                        .connect_timeout = CONNECT_SECONDS * USEC_PER_SEC,
                                        .timeout = REQUEST_SECONDS * USEC_PER_SEC,
                                        .no_proxy = true,
                                },
                                on_answer, chain);
        explicit_bzero(buffer, TOKEN_MAX);
        return PROVIDER_PENDING;
}
