#include "runs/health.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/place.h"
#include "runs/poll.h"

#define FIRST_INTERVAL   (5 * USEC_PER_SEC)
#define LONGEST_INTERVAL (15 * USEC_PER_SEC)

struct doctor {
        struct place *place;
        struct poll poll;
        struct aws_slot *call;
        struct patient *all;                            /* struct patient.next */
        struct patient *asked[DESCRIBE_STATUS_IDS_MAX]; /* in this request; NULL: ended meanwhile */
        size_t n_asked;
        const struct action *refused; /* has been said */
        bool one_by_one;              /* an id is unknown to EC2, which fails the whole request */
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

static void patient_see(struct patient *patient, const struct ec2_instance_status *status,
                        usec_t now)
{
        patient->asked = true;
        patient->read = now;
        patient->state = status->state;
        patient->system = status->system;
        patient->check = status->instance;
        if (status->state == INSTANCE_TERMINATED || status->state == INSTANCE_SHUTTING_DOWN)
                patient->gone = true;
        if (status->state != INSTANCE_RUNNING)
                patient->was_down = true;
        see_check(patient, status->system, status->system_details, status->n_system_details);
        see_check(patient, status->instance, status->instance_details, status->n_instance_details);
}

static void doctor_on_statuses(const struct aws_reply *reply, void *userdata)
{
        struct doctor *doctor = userdata;
        const struct ec2_instance_statuses *statuses = reply->output;
        bool unknown =
                reply->outcome == AWS_ERROR && streq(reply->code, "InvalidInstanceID.NotFound");

        if (!unknown)
                place_polled(doctor->place, &ec2_describe_instance_status, reply, &doctor->refused);
        for (size_t i = 0; i < doctor->n_asked; i++) {
                struct patient *patient = doctor->asked[i];

                if (!patient)
                        continue;
                if (unknown && doctor->n_asked == 1)
                        patient->gone = true;
                for (size_t j = 0; reply->outcome == AWS_OK && j < statuses->n_statuses; j++)
                        if (streq(statuses->statuses[j].id, patient->instance))
                                patient_see(patient, &statuses->statuses[j],
                                            loop_monotonic(doctor->place->engine->loop));
                task_wake(patient->task);
        }
        doctor->one_by_one = unknown && doctor->n_asked > 1;
        doctor->call = aws_slot_free(doctor->call);
        poll_answered(&doctor->poll, doctor->all != NULL, 0);
}

static void doctor_ask(void *userdata)
{
        struct doctor *doctor = userdata;
        const char *ids[DESCRIBE_STATUS_IDS_MAX];
        struct patient **at;

        doctor->n_asked = 0;
        for (struct patient *p = doctor->all; p && doctor->n_asked < DESCRIBE_STATUS_IDS_MAX;
             p = p->next) {
                ids[doctor->n_asked] = p->instance;
                doctor->asked[doctor->n_asked++] = p;
                if (doctor->one_by_one)
                        break;
        }
        if (doctor->n_asked == 0) {
                poll_answered(&doctor->poll, false, 0);
                return;
        }
        /* More than fit into one request take turns: the ones asked go to the end of the list. */
        for (at = &doctor->all; *at; at = &(*at)->next)
                ;
        *at = doctor->all;
        doctor->all = doctor->asked[doctor->n_asked - 1]->next;
        doctor->asked[doctor->n_asked - 1]->next = NULL;
        doctor->call =
                aws_call(doctor->place->aws, doctor->place->region, &ec2_describe_instance_status,
                         &(struct describe_instance_status){
                                 .ids = ids,
                                 .n_ids = doctor->n_asked,
                                 .include_all = true,
                         },
                         doctor_on_statuses, doctor);
}

static struct doctor *doctor_of(struct place *place)
{
        if (!place->doctor) {
                place->doctor = xnew(struct doctor);
                place->doctor->place = place;
                poll_init(&place->doctor->poll, place->engine->loop, FIRST_INTERVAL,
                          LONGEST_INTERVAL, doctor_ask, place->doctor);
        }
        return place->doctor;
}

struct doctor *doctor_free(struct doctor *doctor)
{
        if (!doctor)
                return NULL;
        aws_slot_free(doctor->call);
        poll_done(&doctor->poll);
        free(doctor);
        return NULL;
}

struct patient *health_begin(struct task *task)
{
        struct doctor *doctor = doctor_of(task->place);
        struct patient *patient = xnew(struct patient);

        patient->instance = xstrdup(task->row.subject);
        patient->task = task;
        patient->since = loop_monotonic(task->run->engine->loop);
        patient->next = doctor->all;
        doctor->all = patient;
        poll_hurry(&doctor->poll);
        return patient;
}

struct patient *health_end(struct patient *patient)
{
        struct doctor *doctor;
        struct patient **at;

        if (!patient)
                return NULL;
        doctor = patient->task->place->doctor;
        for (at = &doctor->all; *at != patient; at = &(*at)->next)
                ;
        *at = patient->next;
        for (size_t i = 0; i < doctor->n_asked; i++)
                if (doctor->asked[i] == patient)
                        doctor->asked[i] = NULL;
        free(patient->instance);
        free(patient);
        return NULL;
}
