/*
 * ec2sim: the simulated EC2 behind HTTP. The API of AWS is at POST /, the control at /sim/... .
 *
 * The clock of the model is the wall clock plus what POST /sim/clock has advanced it by.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "loop/loop.h"
#include "sim/http-server.h"
#include "sim/options.h"
#include "sim/sigv4-check.h"
#include "sim/sim-json.h"
#include "sim/sim-model.h"
#include "sim/sim-params.h"

enum { FLEET_FILE_MAX = 16 * 1024 * 1024 };

struct front {
        struct loop *loop;
        struct sim *sim;
        usec_t advanced;
        struct sigv4_key *keys;
        size_t n_keys;
};

static usec_t now(const struct front *front)
{
        return loop_wall_usec(front->loop) + front->advanced;
}

/* ---- the API ---- */

static enum http_delivery delivery_of(enum sim_delivery delivery)
{
        switch (delivery) {
        case DELIVER_WHOLE:
                return HTTP_WHOLE;
        case DELIVER_NOTHING:
                return HTTP_NOTHING;
        case DELIVER_TRUNCATED:
                return HTTP_TRUNCATED;
        case DELIVER_SLOWLY:
                return HTTP_SLOWLY;
        }
        abort();
}

static void answer_api(struct front *front, const struct http_request *request,
                       struct http_answer *answer)
{
        struct sim_reply reply;
        struct sim_request call = {
                .target = http_header(request, "x-amz-target"),
                .body = request->body,
                .size = request->size,
                .connection = request->connection,
        };
        const char *service = sim_service(&call);
        _cleanup_(sigv4_identity_done) struct sigv4_identity identity = {};
        struct sigv4_problem problem = sigv4_check(request, service, loop_wall(front->loop),
                                                   front->keys, front->n_keys, &identity);

        call.region = identity.region ? identity.region : sim_default_region(front->sim);
        call.access_key = identity.access_key;
        if (!problem.code && !sim_has_region(front->sim, call.region))
                problem = (struct sigv4_problem){
                        "AuthFailure",
                        "AWS was not able to validate the provided access credentials",
                };
        if (problem.code)
                sim_refuse(front->sim, now(front), &call, problem.code, problem.message, &reply);
        else
                sim_answer(front->sim, now(front), &call, &reply);
        answer->status = reply.status;
        answer->content_type = reply.content_type;
        memcpy(answer->request_id, reply.request_id, sizeof(answer->request_id));
        answer->body = reply.body;
        answer->size = reply.size;
        answer->delivery = delivery_of(reply.delivery);
        answer->delay = reply.delay;
        answer->drip = reply.drip;
}

/* ---- the control ---- */

/* tag:KEY=VALUE is a member of "tags". */
static bool add_query(const char *query, cJSON *arguments)
{
        struct params params = {};

        if (!params_parse(&params, query, strlen(query)))
                return false;
        for (size_t i = 0; i < params.n; i++) {
                const char *tag = startswith(params.list[i].name, "tag:");
                cJSON *into = arguments;

                if (tag) {
                        into = cJSON_GetObjectItemCaseSensitive(arguments, "tags");
                        into = into ? into : cJSON_AddObjectToObject(arguments, "tags");
                }
                json_text(into, tag ? tag : params.list[i].name, params.list[i].value);
        }
        params_done(&params);
        return true;
}

/* The arguments of a control call: the JSON body, if any, and the query. NULL: neither can be read.
 * A list is one of fleets. */
static cJSON *read_arguments(const char *body, size_t size, const char *query)
{
        cJSON *arguments = size ? cJSON_ParseWithLength(body, size) : cJSON_CreateObject();

        if (cJSON_IsArray(arguments)) {
                cJSON *list = arguments;

                arguments = cJSON_CreateObject();
                cJSON_AddItemToObject(arguments, "fleet", list);
        }
        if (!cJSON_IsObject(arguments) || !add_query(query, arguments)) {
                cJSON_Delete(arguments);
                return NULL;
        }
        return arguments;
}

static int control_clock(struct front *front, const cJSON *arguments, char **ret_json)
{
        const cJSON *advance = cJSON_GetObjectItemCaseSensitive(arguments, "advance");
        double seconds = cJSON_IsNumber(advance)   ? advance->valuedouble
                         : cJSON_IsString(advance) ? strtod(advance->valuestring, NULL)
                                                   : 0;

        if (advance && !(seconds > 0 && seconds < 1e10)) {
                *ret_json = xstrdup("{\"error\":\"\\\"advance\\\" must be seconds\"}");
                return 400;
        }
        front->advanced += (usec_t)(seconds * (double)USEC_PER_SEC);
        *ret_json = xasprintf("{\"time\":%.6f}", (double)now(front) / (double)USEC_PER_SEC);
        return 200;
}

static bool only_reads(const char *path)
{
        return streq(path, "/sim/state") || streq(path, "/sim/log");
}

static void answer_control(struct front *front, const struct http_request *request,
                           struct http_answer *answer)
{
        bool gets = streq(request->method, "GET");
        cJSON *arguments = NULL;

        answer->content_type = "application/json";
        if (!streq(request->method, "POST") &&
            !(gets && (only_reads(request->path) || (!request->size && !*request->query)))) {
                answer->status = 405;
                answer->body = xstrdup("{\"error\":\"POST changes things\"}");
        } else if (!(arguments = read_arguments(request->body, request->size, request->query))) {
                answer->status = 400;
                answer->body = xstrdup("{\"error\":\"the body is not a JSON object\"}");
        } else if (streq(request->path, "/sim/clock")) {
                answer->status = control_clock(front, arguments, &answer->body);
        } else {
                answer->status = sim_control(front->sim, now(front), request->path, arguments,
                                             &answer->body);
        }
        answer->size = strlen(answer->body);
        cJSON_Delete(arguments);
}

static void handle(const struct http_request *request, struct http_answer *answer, void *userdata)
{
        struct front *front = userdata;

        if (startswith(request->path, "/sim/")) {
                answer_control(front, request, answer);
        } else if (!streq(request->path, "/") || *request->query) {
                answer->status = 404;
        } else if (!streq(request->method, "POST")) {
                answer->status = 405;
        } else {
                answer_api(front, request, answer);
        }
}

/* ---- the program ---- */

static void on_signal(int signal, void *userdata)
{
        struct front *front = userdata;

        (void)signal;
        loop_exit(front->loop, 0);
}

static char *read_file(const char *path, size_t *ret_size)
{
        _cleanup_fclose_ FILE *file = fopen(path, "re");
        _cleanup_free_ char *data = xcalloc(FLEET_FILE_MAX, 1);

        if (!file)
                return NULL;
        *ret_size = fread(data, 1, FLEET_FILE_MAX, file);
        return ferror(file) || *ret_size == FLEET_FILE_MAX ? NULL : steal(data);
}

/* A number of web servers, or a file as for POST /sim/fleet. */
static bool add_fleet(struct front *front, const char *fleet)
{
        _cleanup_free_ char *data = NULL, *result = NULL;
        unsigned long long count;
        size_t size = 0;
        cJSON *arguments;
        int status;

        if (parse_number(fleet, UINT32_MAX, &count)) {
                data = xasprintf("{\"count\":%llu,\"tags\":{\"Name\":\"web-{n}\","
                                 "\"Role\":\"web\",\"Backup\":\"nightly\"},\"volumes\":[8]}",
                                 count);
                size = strlen(data);
        } else {
                data = read_file(fleet, &size);
        }
        if (!data) {
                (void)fprintf(stderr, "ec2sim: %s: %s\n", fleet, strerror(errno));
                return false;
        }
        arguments = read_arguments(data, size, "");
        status = arguments ? sim_control(front->sim, now(front), "/sim/fleet", arguments, &result)
                           : 400;
        cJSON_Delete(arguments);
        if (status != 200)
                (void)fprintf(stderr, "ec2sim: %s: %s\n", fleet, result ? result : "not JSON");
        return status == 200;
}

static bool set_up(struct front *front, const struct options *options)
{
        for (size_t i = 0; i < options->n_regions; i++)
                sim_allow_region(front->sim, options->regions[i]);
        for (size_t i = 0; i < options->n_keys; i++) {
                struct sigv4_key *key = append(front->keys, front->n_keys);
                const char *colon = strchr(options->keys[i], ':');

                key->id = xstrndup(options->keys[i], (size_t)(colon - options->keys[i]));
                key->secret = xstrdup(colon + 1);
        }
        if (options->no_buckets) {
                cJSON *off = cJSON_CreateObject();
                char *result = NULL;

                json_bool(off, "buckets", false);
                (void)sim_control(front->sim, now(front), "/sim/config", off, &result);
                free(result);
                cJSON_Delete(off);
        }
        for (size_t i = 0; i < options->n_fleets; i++)
                if (!add_fleet(front, options->fleets[i]))
                        return false;
        return true;
}

static void front_done(struct front *front)
{
        for (size_t i = 0; i < front->n_keys; i++) {
                free(front->keys[i].id);
                free(front->keys[i].secret);
        }
        free(front->keys);
        sim_free(front->sim);
        loop_free(front->loop);
}

static int serve(const struct options *options)
{
        _cleanup_(front_done) struct front front = {};
        _cleanup_(http_server_freep) struct http_server *server = NULL;
        int r = loop_new(&front.loop);

        front.sim = sim_new(&options->sim);
        if (r >= 0)
                r = loop_on_signal(front.loop, SIGTERM, on_signal, &front);
        if (r >= 0)
                r = loop_on_signal(front.loop, SIGINT, on_signal, &front);
        if (r >= 0 && !set_up(&front, options))
                return EXIT_FAILURE;
        if (r >= 0)
                r = http_server_new(front.loop, options->address, options->port, handle, &front,
                                    &server);
        if (r >= 0) {
                (void)printf("%u\n", http_server_port(server));
                (void)fflush(stdout);
                r = loop_run(front.loop);
        }
        if (r < 0)
                (void)fprintf(stderr, "ec2sim: %s:%u: %s\n", options->address, options->port,
                              strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        _cleanup_(options_done) struct options options = { .sim = { .seed = 1 } };

        options.address = xstrdup("127.0.0.1");
        switch (options_read(argc, argv, &options)) {
        case 0:
                return serve(&options);
        case OPTION_HELP:
                options_help();
                return EXIT_SUCCESS;
        case OPTION_VERSION:
                (void)printf("ec2sim %s\n", AMID_VERSION);
                return EXIT_SUCCESS;
        default:
                return 2;
        }
}
