/* kill_steps.c - SIGKILL at every write to shared memory: of a producer, of a consumer, of a consumer that takes over from a dead
 * producer, of two producers one after the other. What was acknowledged is delivered in order, whole, and the ring goes on.
 *
 *   kill_steps fixed|framed one|many block|oldest
 *
 * The writes of barrier.h get a counter, and copies are cut in halves. For the memory a kill between two reads is one before
 * the next write, so that the enumeration of writes is complete. The short form tries every seventh schedule, another seventh
 * each run; SLUICE_LONG=1 all of them.
 *
 * Built with KILL_ACKNOWLEDGE_EARLY it is the broken twin that acknowledges before it puts: exit 3. */
#include <sluice/barrier.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static long kill_at, steps;

static inline void step(void)
{
    if (kill_at != 0 && ++steps == kill_at) {
        (void)kill(getpid(), SIGKILL);
        for (;;) {
            pause();
        }
    }
}

static inline void *cut_copy(void *to, const void *from, size_t bytes)
{
    size_t half = bytes / 2;
    __builtin_memcpy(to, from, half);
    step();
    __builtin_memcpy((char *)to + half, (const char *)from + half, bytes - half);
    return to;
}

#define memcpy cut_copy
#undef sluice_store_release
#undef sluice_store_relaxed
#undef sluice_fetch_add
#undef sluice_fetch_or
#undef sluice_count
#undef sluice_cas
#define sluice_store_release(address, value) (step(), __atomic_store_n((address), (value), __ATOMIC_RELEASE))
#define sluice_store_relaxed(address, value) (step(), __atomic_store_n((address), (value), __ATOMIC_RELAXED))
#define sluice_fetch_add(address, value) (step(), __atomic_fetch_add((address), (value), __ATOMIC_ACQ_REL))
#define sluice_fetch_or(address, value) (step(), __atomic_fetch_or((address), (value), __ATOMIC_ACQ_REL))
#define sluice_count(address, value) (step(), (void)__atomic_fetch_add((address), (value), __ATOMIC_RELAXED))
#define sluice_cas(address, expected, desired)                                                               \
    (step(), __atomic_compare_exchange_n((address), (expected), (desired), 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))

#include "rings.h"

#include <sys/wait.h>

enum { WRONG = 3, STRIDE = 96, CAPACITY = 4096, WHOS = 4, MOST_TAKEN = 4096, LAST = 15 };

typedef struct packet {
    uint64_t number, who, sum[10];
} packet;

typedef struct taken {
    uint64_t number;
    uint32_t who;
    uint32_t taker; /* consumers are numbered in the order of their lives */
} taken;

static struct book {
    uint64_t begun[WHOS], acknowledged[WHOS], first[WHOS], count;
    taken list[MOST_TAKEN];
} *book;

static int framed, drops;
static uint32_t producers;
static const char *name;
static char schedule[160];
static uint64_t schedules, tried;

static void wrong(const char *what, uint64_t found, uint64_t expected)
{
    fprintf(stderr, "%s: %s: %llu, expected %llu\n", schedule, what, (unsigned long long)found, (unsigned long long)expected);
    _exit(WRONG);
}

static uint32_t size_of(uint64_t number)
{
    return framed ? 16 + (uint32_t)(number % 11) * 8 : STRIDE;
}

static packet pack(uint64_t who, uint64_t number)
{
    packet one = {number, who, {0}};
    for (uint64_t i = 0; i < 10; i++) {
        one.sum[i] = ((number + 1) * UINT64_C(0x9E3779B97F4A7C15)) ^ (who << 50) ^ i;
    }
    return one;
}

static int32_t put(sluice_producer *producer, uint64_t who)
{
    packet one = pack(who, book->begun[who]++);
#ifdef KILL_ACKNOWLEDGE_EARLY
    book->acknowledged[who]++;
#endif
    int32_t status = framed ? sluice_producer_put_record(producer, &one, size_of(one.number), (uint16_t)who)
                            : sluice_producer_put(producer, &one, STRIDE);
    if (status != SLUICE_OK) {
        book->begun[who]--;
    }
#ifdef KILL_ACKNOWLEDGE_EARLY
    book->acknowledged[who] -= status != SLUICE_OK;
#else
    book->acknowledged[who] += status == SLUICE_OK;
#endif
    return status;
}

/* Claims room for `claimed` packets, or for a record that is longer than it becomes, and commits what is good. */
static void fill(sluice_producer *producer, uint64_t who, uint64_t claimed, uint64_t good)
{
    void *memory = NULL;
    if ((framed ? sluice_producer_claim_record(producer, 160, &memory) : sluice_producer_claim(producer, claimed, &memory)) !=
        SLUICE_OK) {
        return;
    }
    good = framed ? 1 : good;
    for (uint64_t i = 0; i < good; i++) {
        packet one = pack(who, book->begun[who] + i);
        memcpy((char *)memory + i * STRIDE, &one, size_of(one.number));
    }
    book->begun[who] += good;
    uint32_t bytes = size_of(book->begun[who] - 1);
    CHECK((framed ? sluice_producer_commit_record(producer, bytes, (uint16_t)who) : sluice_producer_commit(producer, good)) ==
          SLUICE_OK);
    book->acknowledged[who] += good;
}

static void attach(sluice_ring *ring)
{
    if (sluice_ring_attach(ring, name, NULL, 0) != SLUICE_OK) {
        wrong(ring->error, 0, 0);
    }
}

/* Operations of a producer. */
enum { PUT_TWICE, FILL_ALL, FILL_PART, FILL_AND_CLOSE, ABORT, UNTIL_FULL, OPEN, OPERATIONS };

static void produce(uint64_t who, int operation, long at)
{
    sluice_ring ring;
    sluice_producer producer;
    void *memory;
    attach(&ring);
    kill_at = operation == OPEN ? at : 0;
    if (sluice_producer_open(&producer, &ring) != SLUICE_OK) {
        wrong(ring.error, 0, 0);
    }
    producer.timeout_ns = 1000000;
    if (operation != OPEN) {
        (void)put(&producer, who);
        (void)put(&producer, who);
        kill_at = at;
    }
    switch (operation) {
    case FILL_ALL:
        fill(&producer, who, 5, 5);
        break;
    case FILL_PART:
        fill(&producer, who, 5, 3);
        break;
    case FILL_AND_CLOSE:
        fill(&producer, who, 4, 4);
        sluice_producer_close(&producer);
        break;
    case ABORT:
        if ((framed ? sluice_producer_claim_record(&producer, 100, &memory) : sluice_producer_claim(&producer, 3, &memory)) ==
            SLUICE_OK) {
            sluice_producer_abort(&producer);
        }
        (void)put(&producer, who);
        break;
    case UNTIL_FULL: /* and beyond, where the oldest are dropped; else it waits for room till its time is over */
        for (int i = 0; i < 100 && put(&producer, who) == SLUICE_OK; i++) {
        }
        break;
    default:
        (void)put(&producer, who);
        (void)put(&producer, who);
        break;
    }
    kill_at = 0;
}

static void take_all(sluice_consumer *consumer, uint32_t taker, int idle_most)
{
    for (int idle = 0; idle < idle_most;) {
        sluice_batch batch;
        if (sluice_consumer_wait(consumer, 1, 100000) != SLUICE_OK ||
            sluice_consumer_peek(consumer, 5 * STRIDE, &batch) != SLUICE_OK) {
            idle++;
            continue;
        }
        uint64_t at = 0;
        const void *memory;
        uint32_t bytes;
        uint16_t type;
        while (sluice_batch_next(&batch, &at, &memory, &bytes, &type)) {
            packet one, expected;
            __builtin_memcpy(&one, memory, 16);
            expected = pack(one.who, one.number);
            if (one.who >= WHOS || bytes != size_of(one.number) || memcmp(memory, &expected, bytes) != 0) {
                wrong("a packet is torn", one.number, 0);
            }
            CHECK(book->count < MOST_TAKEN);
            book->list[book->count] = (taken){one.number, (uint32_t)one.who, taker};
            book->count++;
        }
        CHECK(sluice_consumer_release(consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
}

static void consume(uint32_t taker, long at)
{
    sluice_ring ring;
    sluice_consumer consumer;
    attach(&ring);
    kill_at = at;
    if (sluice_consumer_open(&consumer, &ring) != SLUICE_OK) {
        wrong(ring.error, 0, 0);
    }
    take_all(&consumer, taker, 2);
    sluice_consumer_close(&consumer);
    kill_at = 0;
}

/* Runs a producer (`who`) or, with WHOS, a consumer in a child, which is killed before its write `at`. 1: it was; 0: it had
 * ended before. */
static int run_and_kill(uint64_t who, int operation, long at)
{
    (void)fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        steps = 0;
        if (who == WHOS) {
            consume(1, at);
        } else {
            produce(who, operation, at);
        }
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        exit(WEXITSTATUS(status));
    }
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* `shift` packets have gone through it, so that claims cross the end of the data. */
static void fresh(sluice_ring *ring, unsigned shift)
{
    sluice_ring_options options =
        ring_options(framed ? 0 : STRIDE, CAPACITY, producers, drops ? SLUICE_DROP_OLDEST : SLUICE_BLOCK);
    sluice_producer producer;
    sluice_consumer consumer;
    sluice_batch batch;
    options.name = name;
    memset(book, 0, sizeof *book);
    CHECK(sluice_ring_create(ring, &options) == SLUICE_OK);
    CHECK(sluice_producer_open(&producer, ring) == SLUICE_OK && sluice_consumer_open(&consumer, ring) == SLUICE_OK);
    for (unsigned i = 0; i < shift; i++) {
        CHECK(put(&producer, 0) == SLUICE_OK && sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK);
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    book->first[0] = book->acknowledged[0];
}

/* Per producer everything acknowledged came, in order. A consumer may repeat from the first packet that one before it had
 * not released. Where the oldest are dropped, what is missing was counted. */
static void judge(const sluice_ring *ring)
{
    uint64_t missing = 0;
    for (uint32_t who = 0; who < WHOS; who++) {
        uint64_t next = book->first[who], top = next;
        uint32_t taker = 0;
        for (uint64_t i = 0; i < book->count; i++) {
            const taken *one = &book->list[i];
            if (one->who != who) {
                continue;
            }
            if (one->taker != taker) {
                next = !drops && one->number < next && next - one->number <= 5 ? one->number : next;
                next = drops && one->number < next ? one->number : next;
                taker = one->taker;
            }
            if (one->number < next || (one->number > next && !drops)) {
                wrong("a packet is out of order", one->number, next);
            }
            missing += one->number - next;
            next = one->number + 1;
            top = next > top ? next : top;
        }
        if (!drops && (top < book->acknowledged[who] || top > book->begun[who])) {
            wrong("packets were delivered", top, book->acknowledged[who]);
        }
        missing += drops && top < book->acknowledged[who] ? book->acknowledged[who] - top : 0;
    }
    if (missing > ring->header->dropped_oldest + ring->header->dropped_newest) {
        wrong("packets are missing, and counted as dropped are", missing,
              ring->header->dropped_oldest + ring->header->dropped_newest);
    }
}

/* The living go on: whatever was left behind, a consumer and a producer find their ends and work. */
static void finish(sluice_ring *ring)
{
    sluice_producer producer;
    sluice_consumer consumer;
    if (sluice_consumer_open(&consumer, ring) != SLUICE_OK) {
        wrong(ring->error, 0, 0);
    }
    take_all(&consumer, LAST, 2);
    if (sluice_producer_open(&producer, ring) != SLUICE_OK) {
        wrong(ring->error, 0, 0);
    }
    producer.timeout_ns = 1000000000;
    for (int i = 0; i < 48; i++) {
        int32_t status = put(&producer, WHOS - 1);
        if (status != SLUICE_OK) {
            wrong("a put of the living", (uint64_t)status, 0);
        }
        if (i % 12 == 11) {
            take_all(&consumer, LAST, 1);
        }
    }
    judge(ring);
    if (ring->header->head != ring->header->tail || ring->header->tail_lock != 0) {
        wrong("bytes left in the ring", ring->header->head - ring->header->tail, 0);
    }
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(ring, 1);
    schedules++;
}

static uint64_t part, parts;

/* Whether this schedule is one of those that this run tries. The last one of a series, where nobody dies, is found by all. */
static int is_tried(void)
{
    return tried++ % parts == part;
}

/* A producer dies; one takes its place. */
static void producer_dies(unsigned shift, int operation)
{
    for (long at = 1, died = 1; died; at++) {
        if (!is_tried() && at % 50 != 0) {
            continue;
        }
        (void)snprintf(schedule, sizeof schedule, "shift %u, operation %d, producer killed at write %ld", shift, operation, at);
        sluice_ring ring;
        fresh(&ring, shift);
        died = run_and_kill(0, operation, at);
        if (producers == SLUICE_MANY_PRODUCERS || died) {
            (void)run_and_kill(1, PUT_TWICE, 0);
        }
        finish(&ring);
    }
}

/* A second one dies after the first: another producer, or (`second` WHOS) the consumer that takes over from the first. */
static void two_die(unsigned shift, int operation, uint64_t second)
{
    for (long first_at = 1, died = 1; died; first_at++) {
        for (long at = 1, again = 1; again; at++) {
            if (!is_tried() && at % 50 != 0) {
                continue;
            }
            (void)snprintf(schedule, sizeof schedule, "shift %u, operation %d, producer killed at write %ld, then %s at write %ld",
                           shift, operation, first_at, second == WHOS ? "the consumer" : "another one", at);
            sluice_ring ring;
            fresh(&ring, shift);
            died = run_and_kill(0, operation, first_at);
            again = run_and_kill(second, operation, at);
            finish(&ring);
        }
    }
}

int main(int count, char **arguments)
{
    CHECK(count == 4);
    framed = strcmp(arguments[1], "framed") == 0;
    producers = strcmp(arguments[2], "many") == 0 ? SLUICE_MANY_PRODUCERS : SLUICE_ONE_PRODUCER;
    drops = strcmp(arguments[3], "oldest") == 0;
    parts = long_run() ? 1 : 7;
    part = (uint64_t)sluice_monotonic_ns() % parts;
    name = ring_name("steps");
    book = (struct book *)mmap(NULL, sizeof *book, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(book != MAP_FAILED);
    unsigned shifts[2] = {0, framed ? 55 : 38};
    for (int i = 0; i < 2; i++) {
        for (int operation = 0; operation < OPERATIONS; operation++) {
            producer_dies(shifts[i], operation);
        }
        two_die(shifts[i], FILL_PART, WHOS);
        if (parts == 1 || i == 1) {
            two_die(shifts[i], PUT_TWICE, WHOS);
            two_die(shifts[i], producers == SLUICE_MANY_PRODUCERS ? FILL_PART : PUT_TWICE, 1);
        }
    }
    printf("part %llu of %llu: %llu schedules\n", (unsigned long long)part, (unsigned long long)parts,
           (unsigned long long)schedules);
    return 0;
}
