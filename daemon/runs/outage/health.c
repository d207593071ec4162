#include "runs/outage/health.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "aws/services/ec2.h"
#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/location/location.h"
#include "runs/location/poll.h"

/* What is looked at within this is asked about together. */
#define LOOK_TOGETHER    USEC_PER_SEC
#define FIRST_INTERVAL   (5 * USEC_PER_SEC)
#define LONGEST_INTERVAL (15 * USEC_PER_SEC)
/* From one look at the StateReason of an instance that stays stopped to the next: doubled each
 * time. */
#define REASON_FIRST   (15 * USEC_PER_SEC)
#define REASON_LONGEST (600 * USEC_PER_SEC)

struct doctor {
        struct location *location;
        struct poll poll;
        struct aws_slot *call;
        struct patient *all;                            /* struct patient.next */
        struct patient *round[DESCRIBE_STATUS_IDS_MAX]; /* asked about now; NULL: ended meanwhile */
        size_t n_round;
        size_t at_most; /* ids in one request of this round */
        struct refusal refusal;
};

static bool check_passes(int status)
{
        return status == CHECK_OK || status == CHECK_NOT_APPLICABLE;
}

bool patient_is_well(const struct patient *patient)
{
        return patient->asked && patient->state == INSTANCE_RUNNING &&
               check_passes(patient->system) && check_passes(patient->check);
}

static void see_check(struct patient *patient, int check, const struct ec2_check_detail *details,
                      size_t n)
{
        sec_t impaired = 0;

        if (check_passes(check))
                return;
        for (size_t i = 0; i < n; i++)
                if (details[i].impaired > impaired)
                        impaired = details[i].impaired;
        if (!impaired)
                patient->was_down = true;
        else if (impaired > patient->impaired)
                patient->impaired = impaired;
}

static void patient_see_state(struct patient *patient, int state, usec_t now)
{
        patient->asked = true;
        patient->refused = false;
        patient->read = now;
        if (state != patient->state)
                patient->reason_due = patient->reason_pause = 0;
        patient->state = state;
        if (state == INSTANCE_TERMINATED || state == INSTANCE_SHUTTING_DOWN)
                gone_end(&patient->gone);
        else
                gone_see(&patient->gone, now);
        if (state != INSTANCE_RUNNING)
                patient->was_down = true;
}

static void patient_see(struct patient *patient, const struct ec2_instance_status *status,
                        usec_t now)
{
        patient->unknown = patient->suspect = false;
        patient->system = status->system;
        patient->check = status->instance;
        patient_see_state(patient, status->state, now);
        see_check(patient, status->system, status->system_details, status->n_system_details);
        see_check(patient, status->instance, status->instance_details, status->n_instance_details);
}

/* Whether the last reading of its state calls for the StateReason. */
static bool patient_needs_reason(const struct patient *patient, usec_t now)
{
        return patient->wants_reason &&
               (patient->state == INSTANCE_STOPPING || patient->state == INSTANCE_STOPPED) &&
               now >= patient->reason_due;
}

static void patient_note_reason(struct patient *patient, const struct ec2_instance *instance,
                                usec_t now)
{
        usec_t longer = patient->reason_pause ? 2 * patient->reason_pause : REASON_FIRST;

        xreplace(&patient->reason_code, instance->reason_code);
        xreplace(&patient->reason, instance->reason_message);
        patient->reason_pause = longer < REASON_LONGEST ? longer : REASON_LONGEST;
        patient->reason_due = now + patient->reason_pause;
}

/* DescribeInstances tells nothing of the checks. */
static void patient_see_listed(struct patient *patient, const struct ec2_instance *instance,
                               usec_t now)
{
        if (patient->unknown)
                patient->system = patient->check = CHECK_INSUFFICIENT_DATA;
        patient->unknown = false;
        patient_see_state(patient, instance->state, now);
        patient_note_reason(patient, instance, now);
}

bool patient_is_gone(const struct patient *patient)
{
        return gone_is_certain(&patient->gone, GONE_INSTANCE);
}

/* ---- the round ---- */

static void doctor_go_on(struct doctor *doctor);

static void doctor_answered(struct doctor *doctor)
{
        for (size_t i = 0; i < doctor->n_round; i++)
                if (doctor->round[i])
                        doctor->round[i]->asking = false;
        doctor->call = aws_slot_free(doctor->call);
        doctor_go_on(doctor);
}

/* Nothing more is asked in this round. */
static void doctor_give_up(struct doctor *doctor, const struct aws_reply *reply)
{
        for (size_t i = 0; i < doctor->n_round; i++)
                if (doctor->round[i]) {
                        doctor->round[i]->due = doctor->round[i]->listing = false;
                        doctor->round[i]->refused = reply->outcome == AWS_ERROR;
                        task_wake(doctor->round[i]->task);
                }
}

/* "The instance IDs 'i-1, i-2' do not exist" */
static bool names(const char *message, const char *id)
{
        const char *found = message ? strstr(message, id) : NULL;

        while (found && isalnum((unsigned char)found[strlen(id)]))
                found = strstr(found + 1, id);
        return found;
}

/* One id, or several, failed the whole request: which? Where EC2 does not say it, half as many are
 * asked about at a time. */
static void doctor_part(struct doctor *doctor, const char *message)
{
        size_t n = 0, unknown = 0;

        for (size_t i = 0; i < doctor->n_round; i++) {
                struct patient *patient = doctor->round[i];

                if (!patient || !patient->asking)
                        continue;
                n++;
                patient->unknown = patient->suspect = names(message, patient->instance);
                unknown += patient->unknown;
        }
        for (size_t i = 0; n == 1 && i < doctor->n_round; i++)
                if (doctor->round[i] && doctor->round[i]->asking)
                        doctor->round[i]->unknown = doctor->round[i]->suspect = true;
        if (!unknown)
                doctor->at_most = n > 1 ? n / 2 : 1;
}

static void doctor_on_statuses(const struct aws_reply *reply, void *userdata)
{
        struct doctor *doctor = userdata;
        const struct ec2_instance_statuses *statuses = reply->output;
        usec_t now = loop_monotonic(doctor->location->loop);

        if (gone_is_claimed(reply) && !MUTANT(one_unknown_starves_all)) {
                doctor_part(doctor, reply->message);
                doctor_answered(doctor);
                return;
        }
        location_called(&doctor->refusal, &ec2_describe_instance_status, reply);
        if (reply->outcome != AWS_OK)
                doctor_give_up(doctor, reply);
        for (size_t i = 0; i < doctor->n_round && reply->outcome == AWS_OK; i++) {
                struct patient *patient = doctor->round[i];

                if (!patient || !patient->asking)
                        continue;
                patient->due = false;
                patient->unknown = true;
                for (size_t j = 0; j < statuses->n_statuses; j++)
                        if (streq(statuses->statuses[j].id, patient->instance))
                                patient_see(patient, &statuses->statuses[j], now);
                patient->listing = patient->unknown || patient_needs_reason(patient, now);
                if (!patient->listing)
                        task_wake(patient->task);
        }
        doctor_answered(doctor);
}

static void doctor_on_listed(const struct aws_reply *reply, void *userdata)
{
        struct doctor *doctor = userdata;
        const struct ec2_instances *found = reply->output;
        usec_t now = loop_monotonic(doctor->location->loop);

        location_called(&doctor->refusal, &ec2_describe_instances, reply);
        if (reply->outcome != AWS_OK)
                doctor_give_up(doctor, reply);
        for (size_t i = 0; i < doctor->n_round && reply->outcome == AWS_OK; i++) {
                struct patient *patient = doctor->round[i];
                const struct ec2_instance *instance = NULL;

                if (!patient || !patient->asking)
                        continue;
                patient->due = patient->listing = false;
                for (size_t j = 0; j < found->n_instances; j++)
                        if (streq(found->instances[j].id, patient->instance))
                                instance = &found->instances[j];
                if (instance)
                        patient_see_listed(patient, instance, now);
                else
                        gone_miss(&patient->gone, now);
                task_wake(patient->task);
        }
        doctor_answered(doctor);
}

/* How they are asked about, one way after the other. */
enum asking { ASK_STATUS, ASK_SUSPECTS, ASK_LIST, ASKINGS };

static bool is_next(const struct patient *patient, enum asking how)
{
        switch (how) {
        case ASK_STATUS:
                return patient->due && !patient->unknown && !patient->suspect;
        case ASK_SUSPECTS:
                return patient->due && !patient->unknown && patient->suspect;
        case ASK_LIST:
                return patient->listing || (patient->due && patient->unknown);
        case ASKINGS:
                break;
        }
        abort();
}

/* Those of the round that are to be asked about this way, into the request; how many. */
static size_t doctor_take(struct doctor *doctor, enum asking how,
                          const char *ids[static DESCRIBE_STATUS_IDS_MAX])
{
        size_t n = 0, at_most = how == ASK_LIST ? DESCRIBE_STATUS_IDS_MAX : doctor->at_most;

        for (size_t i = 0; i < doctor->n_round && n < at_most; i++) {
                struct patient *patient = doctor->round[i];

                if (!patient || !is_next(patient, how))
                        continue;
                patient->asking = true;
                ids[n++] = patient->instance;
        }
        return n;
}

static void doctor_go_on(struct doctor *doctor)
{
        const char *ids[DESCRIBE_STATUS_IDS_MAX];
        struct ec2_filter filter = { .name = "instance-id", .values = ids };
        enum asking how = ASK_STATUS;
        size_t n;

        do
                n = doctor_take(doctor, how, ids);
        while (!n && ++how < ASKINGS);
        if (!n) {
                poll_answered(&doctor->poll, doctor->all != NULL, 0);
                doctor->refusal.again = doctor->poll.due;
                return;
        }
        filter.n_values = n;
        if (how == ASK_LIST)
                doctor->call = location_call(&doctor->refusal, &ec2_describe_instances,
                                             &(struct describe_instances){ .filters = &filter,
                                                                           .n_filters = 1 },
                                             doctor_on_listed, doctor);
        else
                doctor->call = location_call(&doctor->refusal, &ec2_describe_instance_status,
                                             &(struct describe_instance_status){
                                                     .ids = ids, .n_ids = n, .include_all = true },
                                             doctor_on_statuses, doctor);
}

/* More than fit into one request take turns: the ones asked go to the end of the list. */
static void doctor_ask(void *userdata)
{
        struct doctor *doctor = userdata;
        struct patient **at = &doctor->all;

        doctor->n_round = 0;
        doctor->at_most = DESCRIBE_STATUS_IDS_MAX;
        for (struct patient *p = doctor->all; p && doctor->n_round < DESCRIBE_STATUS_IDS_MAX;
             p = p->next) {
                p->due = true;
                p->listing = p->asking = p->unknown = false;
                doctor->round[doctor->n_round++] = p;
        }
        if (doctor->n_round) {
                while (*at)
                        at = &(*at)->next;
                *at = doctor->all;
                doctor->all = doctor->round[doctor->n_round - 1]->next;
                doctor->round[doctor->n_round - 1]->next = NULL;
        }
        doctor_go_on(doctor);
}

/* ---- life ---- */

static void doctor_free(void *part)
{
        struct doctor *doctor = part;

        aws_slot_free(doctor->call);
        poll_done(&doctor->poll);
        refusal_done(&doctor->refusal);
        free(doctor);
}

static struct doctor *doctor_of(struct location *location)
{
        if (!location->doctor) {
                location->doctor = xnew(struct doctor);
                location_keep(location, doctor_free, location->doctor);
                location->doctor->location = location->doctor->refusal.location = location;
                poll_init(&location->doctor->poll, location->loop, FIRST_INTERVAL, LONGEST_INTERVAL,
                          doctor_ask, location->doctor);
        }
        return location->doctor;
}

static struct patient *patient_new(struct task *task)
{
        struct doctor *doctor = doctor_of(task->location);
        struct patient *patient = xnew(struct patient);

        patient->instance = xstrdup(task->row.subject);
        patient->task = task;
        patient->since = loop_monotonic(task->run->engine->loop);
        patient->next = doctor->all;
        doctor->all = patient;
        return patient;
}

const struct refusal *health_refusal(const struct location *location)
{
        return location->doctor ? &location->doctor->refusal : NULL;
}

struct patient *health_begin(struct task *task)
{
        struct patient *patient = patient_new(task);

        poll_hurry(&task->location->doctor->poll);
        return patient;
}

struct patient *health_look(struct task *task)
{
        struct patient *patient = patient_new(task);

        poll_soon(&task->location->doctor->poll, LOOK_TOGETHER);
        return patient;
}

struct patient *health_end(struct patient *patient)
{
        struct doctor *doctor;
        struct patient **at;

        if (!patient)
                return NULL;
        doctor = patient->task->location->doctor;
        for (at = &doctor->all; *at != patient; at = &(*at)->next)
                ;
        *at = patient->next;
        for (size_t i = 0; i < doctor->n_round; i++)
                if (doctor->round[i] == patient)
                        doctor->round[i] = NULL;
        free(patient->instance);
        free(patient->reason_code);
        free(patient->reason);
        free(patient);
        return NULL;
}
