/* SPDX-License-Identifier: Apache-2.0
 *
 * lane.c - a FIFO of the engine whose packets stay where they are until all of them go, so that they can be
 * looked at in place along its runs.
 */
#include "records.h"

int lane_make(Lane *lane, const sluice_buffer_options *options)
{
    int32_t status = library.buffer_create(options, &lane->handle);
    if (status == SLUICE_OK) {
        status = library.buffer_open_producer(lane->handle, &lane->producer, sizeof lane->producer);
    } else {
        lane->handle = NULL;
    }
    if (status == SLUICE_OK) {
        return 0;
    }
    (void)raise_engine(status, NULL);
    lane_end(lane);
    return -1;
}

/* Room in the table for a further run. */
static int reserve_run(Lane *lane)
{
    if (LIKELY(lane->run_count < lane->run_room)) {
        return 0;
    }
    size_t room = lane->run_room == 0 ? 4 : lane->run_room * 2;
    Run *runs = PyMem_Realloc(lane->runs, room * sizeof *runs);
    if (runs == NULL) {
        (void)PyErr_NoMemory();
        return -1;
    }
    lane->runs = runs;
    lane->run_room = room;
    return 0;
}

static inline void note(Lane *lane, uint8_t *memory, uint64_t bytes, uint64_t packets)
{
    Run *last = lane->runs + lane->run_count - 1;
    if (lane->run_count == 0 || last->first + last->bytes != memory) {
        last = lane->runs + lane->run_count++;
        *last = (Run){.first = memory};
    }
    last->bytes += bytes;
    last->packets += packets;
}

static void *no_room(int32_t status)
{
    (void)raise_status(status < 0 ? status : SLUICE_E_MEMORY,
                       "there is no memory for further records; those stored before are kept");
    return NULL;
}

void **lane_claim(Lane *lane, uint64_t *packets)
{
    void *memory = NULL;
    if (reserve_run(lane) < 0) {
        return NULL;
    }
    *packets = *packets < lane->producer.most_packets ? *packets : lane->producer.most_packets;
    int32_t status = sluice_producer_claim(&lane->producer, *packets, &memory);
    return status == SLUICE_OK ? memory : no_room(status);
}

void lane_commit(Lane *lane, void **memory, uint64_t packets)
{
    if (packets == 0 || sluice_producer_commit(&lane->producer, packets) != SLUICE_OK) {
        sluice_producer_abort(&lane->producer);
        return;
    }
    note(lane, (uint8_t *)memory, packets * sizeof *memory, packets);
}

int lane_put_record(Lane *lane, const void *data, uint32_t bytes)
{
    void *memory = NULL;
    if (reserve_run(lane) < 0) {
        return -1;
    }
    int32_t status = sluice_producer_claim_record(&lane->producer, bytes, &memory);
    if (status != SLUICE_OK) {
        (void)no_room(status);
        return -1;
    }
    memcpy(memory, data, bytes);
    if (sluice_producer_commit_record(&lane->producer, bytes, 0) == SLUICE_OK) {
        note(lane, (uint8_t *)memory - 8, sluice_round_up((uint64_t)bytes + 8, 8), 1);
    }
    return 0;
}

static int32_t give_up(void *user, const sluice_batch *batch)
{
    (void)user;
    (void)batch;
    return SLUICE_OK;
}

int lane_empty(Lane *lane)
{
    lane->run_count = 0;
    if (lane->handle == NULL) {
        return 0;
    }
    int32_t status = library.buffer_take(lane->handle, 0, give_up, NULL, NULL);
    if (status < 0) {
        (void)raise_engine(status, NULL);
        return -1;
    }
    return 0;
}

void lane_end(Lane *lane)
{
    if (lane->handle != NULL && engine_gone == 0) {
        if (lane->producer.view.header != NULL) {
            (void)!library.buffer_close_producer(lane->handle, &lane->producer);
        }
        (void)library.buffer_discard(lane->handle, NULL);
    }
    PyMem_Free(lane->runs);
    memset(lane, 0, sizeof *lane);
}
