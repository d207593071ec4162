/*
 * The part of model-ec2.h that is about commands: SSM that always delivers, and an instance that
 * does what amid's scripts say they do (the scripts themselves are tried by test-freeze-script.c).
 */
#pragma once

#include "aws/services/ssm.h"
#include "model-instances.h"

/* Thaws by itself when it is time. */
static inline bool model_is_frozen(const struct model *model, struct model_instance *instance)
{
        if (instance->token && loop_monotonic(model->aws->loop) >= instance->thaws) {
                free(instance->thawed);
                instance->thawed = xasprintf("%s watchdog", instance->token);
                free(steal(instance->token));
        }
        return instance->token;
}

/* The value of a line "NAME=..." of a script, without quotes. */
static inline char *model_script_value(const char *script, const char *name)
{
        _cleanup_free_ char *line = xasprintf("%s=", name);
        const char *value = strstr(script, line);

        assert_non_null(value);
        value += strlen(line);
        value += *value == '\'';
        return xstrndup(value, strcspn(value, "'\n"));
}

static inline char *model_freeze(struct model *model, struct model_instance *instance,
                                 const char *script)
{
        _cleanup_free_ char *token = model_script_value(script, "token");
        _cleanup_free_ char *timeout = model_script_value(script, "timeout");

        if (instance->cannot_freeze)
                return xstrdup("amid-freeze: state=thawed reason=before-failed thawed-by=freeze\n");
        if (instance->thawed && startswith(instance->thawed, token))
                return xstrdup("amid-freeze: state=thawed thawed-by=watchdog\n");
        if (!model_is_frozen(model, instance)) {
                instance->token = xstrdup(token);
                instance->thaws = loop_monotonic(model->aws->loop) +
                                  (usec_t)strtol(timeout, NULL, 10) * USEC_PER_SEC;
        }
        return xasprintf("noise\namid-freeze: state=frozen watchdog=systemd frozen-at=1\n");
}

static inline char *model_thaw(struct model *model, struct model_instance *instance,
                               const char *script)
{
        _cleanup_free_ char *token = model_script_value(script, "token");

        if (model_is_frozen(model, instance)) {
                assert_string_equal(instance->token, token);
                free(instance->thawed);
                instance->thawed = xasprintf("%s amid", token);
                free(steal(instance->token));
        }
        if (!instance->thawed || !startswith(instance->thawed, token))
                return xstrdup("amid-thaw: state=thawed reason=never-frozen\n");
        return xasprintf("amid-thaw: state=thawed thawed-by=%s\n",
                         strchr(instance->thawed, ' ') + 1);
}

static inline struct scripted_answer model_send_command(struct model *model,
                                                        const struct ssm_send_command *input,
                                                        struct ssm_sent_command *output)
{
        struct model_instance *instance = model_find_instance(model, input->instances[0]);
        const char *script = input->commands[0];
        struct model_command *command;

        if (!instance || instance->no_agent || instance->state != INSTANCE_RUNNING)
                return (struct scripted_answer){ AWS_ERROR, "InvalidInstanceId",
                                                 "Instances not in a valid state for account" };
        assert_true(input->timeout >= SSM_TIMEOUT_MIN);
        assert_true(strlen(input->comment) <= SSM_COMMENT_MAX);
        command = append(model->commands, model->n_commands);
        command->id = xasprintf("command-%zu", model->n_commands);
        command->ends = loop_monotonic(model->aws->loop) + 2 * USEC_PER_SEC;
        if (strstr(script, "amid-boot")) {
                command->output = xasprintf("amid-boot: boot-id=boot-%u clean=%s\n",
                                            instance->outages, instance->clean);
        } else if (strstr(script, "unpack()")) {
                command->output = model_freeze(model, instance, script);
                command->unreported = instance->unreported;
        } else if (instance->cannot_thaw) {
                command->output = xstrdup("amid-thaw: state=stuck\n");
        } else {
                command->output = model_thaw(model, instance, script);
        }
        command->fails = !strstr(command->output, "state=frozen") &&
                         !strstr(command->output, "amid-thaw: state=thawed") &&
                         !strstr(command->output, "amid-boot");
        output->command.id = xstrdup(command->id);
        return (struct scripted_answer){ AWS_OK, NULL, NULL };
}

static inline struct scripted_answer
model_get_invocation(struct model *model, const struct ssm_get_command_invocation *input,
                     struct ssm_invocation *output)
{
        for (size_t i = 0; i < model->n_commands; i++) {
                const struct model_command *command = &model->commands[i];

                if (!streq(command->id, input->command))
                        continue;
                output->status = SSM_IN_PROGRESS;
                output->exit_status = -1;
                if (loop_monotonic(model->aws->loop) < command->ends)
                        return (struct scripted_answer){ AWS_OK, NULL, NULL };
                if (command->unreported) {
                        output->status = SSM_TIMED_OUT;
                        output->details = xstrdup(command->unreported);
                        return (struct scripted_answer){ AWS_OK, NULL, NULL };
                }
                output->status = command->fails ? SSM_FAILED : SSM_SUCCESS;
                output->exit_status = command->fails;
                output->output = xstrdup(command->output);
                output->errors = xstrdup(command->fails ? "it does not work\n" : "");
                return (struct scripted_answer){ AWS_OK, NULL, NULL };
        }
        return (struct scripted_answer){ AWS_ERROR, "InvocationDoesNotExist", "" };
}
