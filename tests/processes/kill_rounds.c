/* kill_rounds.c - processes of a ring are killed at random points; what was acknowledged is delivered all the same.
 *
 *   kill_rounds named|file fixed|framed PRODUCERS ROUNDS [SEED]
 *
 * Children put numbered, checksummed packets and note in a shared page how far put has answered OK; another child takes
 * them and notes how far it released. Every round kills some of them with SIGKILL after a random time and starts new
 * ones, which attach to the ring as they find it. At the end everything acknowledged must have been delivered, per
 * producer in order, whole, and twice only where a consumer was killed before its release. SLUICE_LONG=1: 200 rounds.
 * Exit 3: a packet was lost, double, torn or out of order; 1: anything else.
 *
 * Built with KILL_ACKNOWLEDGE_EARLY it is the broken twin that acknowledges what it has not published: exit 3. */
#include "rings.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define WRONG 3
#define MOST_PRODUCERS 2
#define MOST_ROUNDS 4096

/* How far the packets of each producer are released once the ring's tail is `tail` or beyond. */
typedef struct release {
    uint64_t next[MOST_PRODUCERS]; /* numbers below are released */
    uint64_t tail;
} release;

typedef struct ledger {
    uint64_t acknowledged[MOST_PRODUCERS]; /* numbers below are put */
    uint64_t in_doubt[MOST_PRODUCERS][MOST_ROUNDS]; /* numbers whose put was cut off by a kill, each plus one */
    uint64_t doubts[MOST_PRODUCERS];
    release released[2]; /* the last release, and the one under way: the ring's tail tells whether that was done */
    uint64_t taken;
    uint32_t stop, drained;
} ledger;

typedef struct packet {
    uint64_t number;
    uint32_t producer;
    uint32_t bytes;
    uint64_t pattern[14];
} packet;

static ledger *book;
static const char *name, *file;
static int framed;
static uint32_t producers;

static void pack(packet *one, uint32_t producer, uint64_t number)
{
    uint64_t seed = (number + 1) * UINT64_C(0x9E3779B97F4A7C15) ^ ((uint64_t)producer << 60);
    one->number = number;
    one->producer = producer;
    one->bytes = framed ? (uint32_t)(16 + number % 15 * 8) : (uint32_t)sizeof *one;
    for (uint64_t i = 0; i < 14; i++) {
        one->pattern[i] = seed ^ (i * seed);
    }
}

static void attach(sluice_ring *ring)
{
    int32_t status = sluice_ring_attach(ring, name, file, 1000000000);
    if (status != SLUICE_OK) {
        fprintf(stderr, "attach: %d %s\n", status, ring->error);
        exit(1);
    }
}

static int put_until_stopped(uint32_t index)
{
    sluice_ring ring;
    sluice_producer producer;
    packet one;
    attach(&ring);
    int32_t status = sluice_producer_open(&producer, &ring);
    if (status != SLUICE_OK) {
        fprintf(stderr, "producer %u: %d %s\n", index, status, ring.error);
        return 1;
    }
    producer.timeout_ns = 20000000;
#ifdef KILL_ACKNOWLEDGE_EARLY
    producer.publish_bytes = 8192;
#endif
    uint64_t number = book->acknowledged[index];
    while (!__atomic_load_n(&book->stop, __ATOMIC_ACQUIRE)) {
        pack(&one, index, number);
        status = framed ? sluice_producer_put_record(&producer, &one, one.bytes, (uint16_t)index)
                        : sluice_producer_put(&producer, &one, sizeof one);
        if (status == SLUICE_TIMEOUT) {
            continue;
        }
        CHECK(status == SLUICE_OK);
        __atomic_store_n(&book->acknowledged[index], ++number, __ATOMIC_RELEASE);
    }
    sluice_producer_close(&producer);
    sluice_ring_close(&ring, 0);
    return 0;
}

/* The number after `number` that the producer may have put: those in doubt may be missing. */
static int may_be_missing(uint32_t index, uint64_t number)
{
    for (uint64_t i = 0; i < __atomic_load_n(&book->doubts[index], __ATOMIC_ACQUIRE); i++) {
        if (book->in_doubt[index][i] == number + 1) {
            return 1;
        }
    }
    return 0;
}

/* The release that a tail tells was the last one. Aborted slots, which are passed over on the way, move the tail too. */
static const release *last_release(uint64_t tail)
{
    const release *one = &book->released[0], *other = &book->released[1];
    return other->tail <= tail && (one->tail > tail || other->tail > one->tail) ? other : one;
}

/* Notes what a release up to `tail` will have released. A kill between any two stores leaves the last release as it is. */
static void note_release(const release *last, const uint64_t *next, uint64_t tail)
{
    release *coming = &book->released[last == &book->released[0]];
    __atomic_store_n(&coming->tail, UINT64_MAX, __ATOMIC_SEQ_CST);
    memcpy(coming->next, next, sizeof coming->next);
    __atomic_store_n(&coming->tail, tail, __ATOMIC_SEQ_CST);
}

static void check_packet(const void *memory, uint32_t bytes, uint64_t *next)
{
    packet one, expected;
    CHECK(bytes >= 16 && bytes <= sizeof one);
    memcpy(&one, memory, bytes);
    CHECK(one.producer < producers && one.bytes == bytes);
    pack(&expected, one.producer, one.number);
    if (memcmp(memory, &expected, bytes) != 0) {
        fprintf(stderr, "producer %u: packet %llu is torn\n", one.producer, (unsigned long long)one.number);
        exit(WRONG);
    }
    uint32_t index = one.producer;
    while (next[index] != one.number && may_be_missing(index, next[index])) {
        next[index]++;
    }
    if (next[index] != one.number) {
        fprintf(stderr, "producer %u: packet %llu where %llu is due\n", index, (unsigned long long)one.number,
                (unsigned long long)next[index]);
        exit(WRONG);
    }
    next[index]++;
}

static int take_until_drained(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    attach(&ring);
    int32_t status = sluice_consumer_open(&consumer, &ring);
    if (status != SLUICE_OK) {
        fprintf(stderr, "consumer: %d %s\n", status, ring.error);
        return 1;
    }
    uint64_t next[MOST_PRODUCERS];
    memcpy(next, last_release(consumer.tail)->next, sizeof next);
    int idle = 0;
    while (idle < 3) {
        status = sluice_consumer_wait(&consumer, 1, 100000000);
        if (status == SLUICE_TIMEOUT) {
            idle += __atomic_load_n(&book->stop, __ATOMIC_ACQUIRE) == 2;
            continue;
        }
        CHECK(status == SLUICE_OK);
        sluice_batch batch;
        CHECK(sluice_consumer_peek(&consumer, 8192, &batch) == SLUICE_OK);
        uint64_t at = 0, seen = 0;
        const void *memory;
        uint32_t bytes;
        uint16_t type;
        while (sluice_batch_next(&batch, &at, &memory, &bytes, &type)) {
            check_packet(memory, bytes, next);
            seen++;
        }
        CHECK(seen == batch.packets);
        note_release(last_release(consumer.tail), next, consumer.tail + batch.bytes);
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
        book->taken += seen;
    }
    CHECK(ring.header->head == ring.header->tail);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
    book->drained = 1;
    return 0;
}

/* Child 0 is the consumer, the others are producers. */
static pid_t start(uint32_t who)
{
    pid_t parent = getpid(), child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
        if (getppid() != parent) { /* it ended before it could be told of it */
            _exit(0);
        }
        _exit(who == 0 ? take_until_drained() : put_until_stopped(who - 1));
    }
    return child;
}

static void kill_one(uint32_t who, pid_t child)
{
    int status;
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    if (!WIFSIGNALED(status)) {
        fprintf(stderr, "a child found a fault and ended with %d\n", WEXITSTATUS(status));
        exit(WEXITSTATUS(status));
    }
    if (who > 0) { /* its last put may or may not be in the ring; its successor begins behind it */
        uint64_t doubts = book->doubts[who - 1], number = book->acknowledged[who - 1];
        CHECK(doubts < MOST_ROUNDS);
        book->in_doubt[who - 1][doubts] = number + 1;
        __atomic_store_n(&book->doubts[who - 1], doubts + 1, __ATOMIC_RELEASE);
        book->acknowledged[who - 1] = number + 1;
    }
}

int main(int count, char **arguments)
{
    CHECK(count >= 5);
    char folder[] = "/tmp/sluice-kill-XXXXXX", path[64];
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/ring", folder);
    if (strcmp(arguments[1], "file") == 0) {
        file = path;
    } else {
        name = ring_name("kill");
    }
    framed = strcmp(arguments[2], "framed") == 0;
    producers = (uint32_t)strtoul(arguments[3], NULL, 10);
    uint64_t rounds = long_run() ? 200 : strtoull(arguments[4], NULL, 10);
    unsigned seed = count > 5 ? (unsigned)strtoul(arguments[5], NULL, 10) : (unsigned)sluice_monotonic_ns();
    CHECK(producers >= 1 && producers <= MOST_PRODUCERS && rounds < MOST_ROUNDS);
    srandom(seed);
    printf("seed %u\n", seed);
    (void)fflush(stdout);

    book = (ledger *)mmap(NULL, sizeof *book, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(book != MAP_FAILED);
    sluice_ring ring;
    sluice_ring_options options =
        ring_options(framed ? 0 : (uint32_t)sizeof(packet), 65536, producers > 1, SLUICE_BLOCK);
    options.name = name;
    options.file = file;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    sluice_ring_close(&ring, 0);

    pid_t children[1 + MOST_PRODUCERS];
    uint64_t kills[2] = {0, 0};
    for (uint32_t who = 0; who <= producers; who++) {
        children[who] = start(who);
    }
    for (uint64_t round = 0; round < rounds; round++) {
        long pause = random() % (round % 4 == 0 ? 150000 : 4000); /* now and then long enough for claims to be given up */
        usleep((useconds_t)pause);
        uint32_t victims = 1 + (uint32_t)random() % ((2u << producers) - 1);
        for (uint32_t who = 0; who <= producers; who++) {
            if (victims >> who & 1) {
                kill_one(who, children[who]);
                kills[who > 0]++;
            }
        }
        for (uint32_t who = 0; who <= producers; who++) {
            if (victims >> who & 1) {
                children[who] = start(who);
            }
        }
    }
    usleep(200000);
    __atomic_store_n(&book->stop, 1, __ATOMIC_RELEASE);
    int status;
    for (uint32_t who = 1; who <= producers; who++) {
        CHECK(waitpid(children[who], &status, 0) == children[who] && status == 0);
    }
    __atomic_store_n(&book->stop, 2, __ATOMIC_RELEASE);
    CHECK(waitpid(children[0], &status, 0) == children[0] && WIFEXITED(status));
    if (!book->drained) {
        return WEXITSTATUS(status);
    }
    CHECK(sluice_ring_attach(&ring, name, file, 0) == SLUICE_OK);
    for (uint32_t index = 0; index < producers; index++) {
        uint64_t due = last_release(ring.header->tail)->next[index];
        while (due < book->acknowledged[index] && may_be_missing(index, due)) {
            due++;
        }
        if (due != book->acknowledged[index]) {
            fprintf(stderr, "producer %u: %llu acknowledged, %llu delivered\n", index,
                    (unsigned long long)book->acknowledged[index], (unsigned long long)due);
            return WRONG;
        }
        CHECK(due > rounds); /* something happened between the kills */
    }
    printf("%llu rounds, %llu producers and %llu consumers killed: %llu packets taken, %llu claims given up\n",
           (unsigned long long)rounds, (unsigned long long)kills[1], (unsigned long long)kills[0],
           (unsigned long long)book->taken, (unsigned long long)ring.header->unblocked);
    sluice_ring_close(&ring, 1);
    CHECK(rmdir(folder) == 0);
    return 0;
}
