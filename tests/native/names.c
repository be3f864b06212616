/* names.c - the life of a ring's name: whole or not there, taken away by whoever has that very object, sealed when it leaves its
 * producers without a consumer; whose it is and who may attach; paths of any length, relative ones and ones that are no UTF-8. */
#include "rings.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static char folder[64];

static const char *path_of(const char *name)
{
    static char path[4200];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static sluice_ring_options options_of(const char *name, const char *file)
{
    sluice_ring_options options = ring_options(8, 4096, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    options.name = name;
    options.file = file;
    return options;
}

/* Killed at any moment, a creator leaves a ring or nothing. */
static void never_half_made(void)
{
    char path[4200];
    memcpy(path, path_of("large"), sizeof path);
    for (int i = 0; i < 60; i++) {
        (void)unlink(path);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            sluice_ring ring;
            sluice_ring_options options = options_of(NULL, path);
            options.capacity = 64 << 20;
            (void)!sluice_ring_create(&ring, &options);
            _exit(0);
        }
        usleep((useconds_t)(100 + i * 300));
        CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
        sluice_ring ring;
        int32_t status = sluice_ring_attach(&ring, NULL, path, 0);
        CHECK(status == SLUICE_OK || status == SLUICE_E_NOT_FOUND);
        sluice_ring_close(&ring, 1);
    }
    CHECK(access(path, F_OK) != 0);
}

static const char *raced;

static void *create_one(void *result)
{
    sluice_ring ring;
    sluice_ring_options options = options_of(raced, NULL);
    int32_t status = sluice_ring_create(&ring, &options);
    if (status != SLUICE_OK && status != SLUICE_E_EXISTS) {
        fprintf(stderr, "%d %s\n", status, ring.error);
    }
    *(int32_t *)result = status;
    sluice_ring_close(&ring, 0);
    return NULL;
}

/* Of several creators one wins, and the others are told. */
static void one_wins(void)
{
    raced = ring_name("race");
    for (int round = 0; round < 50; round++) {
        pthread_t threads[4];
        int32_t results[4], made = 0;
        for (int i = 0; i < 4; i++) {
            CHECK(pthread_create(&threads[i], NULL, create_one, &results[i]) == 0);
        }
        for (int i = 0; i < 4; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
            CHECK(results[i] == SLUICE_OK || results[i] == SLUICE_E_EXISTS);
            made += results[i] == SLUICE_OK;
        }
        CHECK(made == 1);
        sluice_ring ring;
        CHECK(sluice_ring_attach(&ring, raced, NULL, 0) == SLUICE_OK);
        sluice_ring_close(&ring, 1);
    }
}

/* The name means another ring by now: whoever made the first one leaves it alone. */
static void name_of_another(void)
{
    sluice_ring first, second, found;
    const char *name = ring_name("names");
    sluice_ring_options options = options_of(name, NULL);
    CHECK(sluice_ring_create(&first, &options) == SLUICE_OK);
    CHECK(unlink(first.path) == 0);
    CHECK(sluice_ring_create(&second, &options) == SLUICE_OK);
    sluice_ring_close(&first, 1);
    CHECK(sluice_ring_attach(&found, name, NULL, 0) == SLUICE_OK);
    sluice_ring_close(&found, 0);
    sluice_ring_close(&second, 1);
    CHECK(sluice_ring_attach(&found, name, NULL, 0) == SLUICE_E_NOT_FOUND);
}

/* The last consumer takes the name away: producers that live on are told at their next put. */
static void orphan_is_told(uint32_t producers)
{
    sluice_ring ring, other;
    sluice_consumer consumer;
    sluice_producer producer;
    uint64_t number = 1;
    sluice_ring_options options = options_of(ring_name("orphan"), NULL);
    options.producers = producers;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_ring_attach(&other, options.name, NULL, 0) == SLUICE_OK);
    CHECK(sluice_producer_open(&producer, &other) == SLUICE_OK);
    CHECK(sluice_producer_put(&producer, &number, 8) == SLUICE_OK);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 1);
    int32_t status = sluice_producer_put(&producer, &number, 8); /* one producer sees it when it has published */
    CHECK(status == SLUICE_E_ENDED || (producers == SLUICE_ONE_PRODUCER && status == SLUICE_OK));
    CHECK(sluice_producer_put(&producer, &number, 8) == SLUICE_E_ENDED);
    CHECK(sluice_producer_put(&producer, &number, 8) == SLUICE_E_ENDED);
    sluice_producer_close(&producer);
    sluice_ring_close(&other, 0);
}

/* Two that attached by a name take it away before anybody takes: the ring is theirs alone, and works. */
static void introduced_by_a_name(uint32_t producers)
{
    sluice_ring ring, other;
    sluice_consumer consumer;
    sluice_producer producer;
    sluice_batch batch;
    uint64_t number = 1;
    sluice_ring_options options = options_of(ring_name("introduced"), NULL);
    options.producers = producers;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    CHECK(sluice_ring_attach(&other, options.name, NULL, 0) == SLUICE_OK);
    sluice_ring_take_name(&ring, 0);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_producer_put(&producer, &number, 8) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &other) == SLUICE_OK);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 1);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&other, 0);
    sluice_ring_close(&ring, 0);
}

static void hold_and_wait(const char *name, int told)
{
    sluice_ring ring;
    sluice_consumer consumer;
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(write(told, "x", 1) == 1);
    for (;;) {
        pause();
    }
}

/* The consumer is killed and somebody deletes the name: nobody is there to seal the ring, so its producers find out, within an
 * eighth of it. While the consumer lives, a ring without a name goes on. */
static void orphan_finds_out(uint32_t producers, uint32_t policy)
{
    sluice_ring ring;
    sluice_producer producer;
    uint64_t number = 1;
    sluice_ring_options options = options_of(ring_name("orphan"), NULL);
    options.producers = producers;
    options.full_policy = policy;
    options.capacity = 65536;
    options.block_timeout_ns = INT64_C(60000000000);
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    int told[2];
    char done;
    CHECK(pipe(told) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        hold_and_wait(options.name, told[1]);
    }
    CHECK(read(told[0], &done, 1) == 1 && close(told[0]) == 0 && close(told[1]) == 0);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK && unlink(ring.path) == 0);
    for (int i = 0; i < 5000; i++) {
        CHECK(sluice_producer_put(&producer, &number, 8) == SLUICE_OK);
    }
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    int puts = 0;
    int32_t status;
    while ((status = sluice_producer_put(&producer, &number, 8)) == SLUICE_OK) {
        CHECK(++puts <= 65536 / 8 / 8 + 1);
    }
    CHECK(status == SLUICE_E_ENDED);
    CHECK(sluice_producer_put(&producer, &number, 8) == SLUICE_E_ENDED); /* and any one after it */
    CHECK(sluice_ring_ended(&ring) == SLUICE_E_ENDED && strstr(ring.error, "no other one took its place") != NULL);
    sluice_producer_close(&producer);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_producer_put(&producer, &number, 8) == SLUICE_E_ENDED); /* it stays so */
    sluice_producer_close(&producer);
    sluice_ring other;
    CHECK(sluice_ring_create(&other, &options) == SLUICE_OK && sluice_ring_ended(&other) == SLUICE_OK);
    CHECK(sluice_ring_ended(&ring) == SLUICE_E_ENDED && strstr(ring.error, "the one that took its place") != NULL);
    sluice_ring_seal(&other);
    CHECK(sluice_ring_ended(&other) == SLUICE_E_STATE && strstr(other.error, "its stream was ended") != NULL);
    sluice_ring_close(&other, 1);
    sluice_ring_close(&ring, 1);
}

static void remove_it(void)
{
    sluice_ring ring, scratch;
    sluice_consumer consumer;
    const char *name = ring_name("remove");
    sluice_ring_options options = options_of(name, NULL);
    CHECK(sluice_ring_remove(&scratch, name, NULL) == SLUICE_E_NOT_FOUND);
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_ring_remove(&scratch, name, NULL) == SLUICE_E_BUSY && strstr(scratch.error, "alive") != NULL);
    CHECK(access(ring.path, F_OK) == 0);
    sluice_consumer_close(&consumer);
    CHECK(sluice_ring_remove(&scratch, name, NULL) == SLUICE_OK);
    CHECK(access(ring.path, F_OK) != 0);
    sluice_ring_close(&ring, 0);

    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    ring.header->abi += 1; /* of a later version, or damaged: whoever uses it keeps it */
    CHECK(sluice_ring_remove(&scratch, name, NULL) == SLUICE_E_BUSY && strstr(scratch.error, "holds an end") != NULL);
    CHECK(access(ring.path, F_OK) == 0);
    sluice_consumer_close(&consumer);
    CHECK(sluice_ring_remove(&scratch, name, NULL) == SLUICE_OK && access(ring.path, F_OK) != 0);
    sluice_ring_close(&ring, 0);

    char half[64];
    (void)snprintf(half, sizeof half, "/dev/shm/sluice.%s", name);
    FILE *file = fopen(half, "w"); /* what a killed creator of version 0.1 left */
    CHECK(file != NULL && ftruncate(fileno(file), 8192) == 0 && fclose(file) == 0);
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_E_ABI && strstr(ring.error, "remove") != NULL);
    CHECK(sluice_ring_remove(&scratch, name, NULL) == SLUICE_OK && access(half, F_OK) != 0);
    const char *text = path_of("letter");
    file = fopen(text, "w");
    CHECK(file != NULL && fputs("dear reader\n", file) >= 0 && fclose(file) == 0);
    CHECK(sluice_ring_remove(&scratch, NULL, text) == SLUICE_E_ABI && access(text, F_OK) == 0); /* no ring: left */
    CHECK(unlink(text) == 0);
}

/* As another user, where the test runs as root. 0: not as root. */
static int as_nobody(void (*work)(void))
{
    if (geteuid() != 0) {
        return 0;
    }
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(setgid(65534) == 0 && setuid(65534) == 0);
        work();
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return 1;
}

static char theirs[64], ours[64];

static void make_theirs(void)
{
    sluice_ring ring;
    sluice_ring_options options = options_of(theirs, NULL);
    options.flags = SLUICE_RING_WANT_EVERYBODY;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    sluice_ring_close(&ring, 0);
}

static void refused_ours(void)
{
    sluice_ring ring;
    CHECK(sluice_ring_attach(&ring, ours, NULL, 0) == SLUICE_E_PERMISSION);
}

static void attach_ours(void)
{
    sluice_ring ring;
    CHECK(sluice_ring_attach(&ring, ours, NULL, 0) == SLUICE_OK); /* root's, and open to everybody on purpose */
    sluice_ring_close(&ring, 0);
}

static void whose_it_is(void)
{
    sluice_ring ring;
    struct stat status;
    (void)snprintf(ours, sizeof ours, "%s.ours", ring_name("owner"));
    (void)snprintf(theirs, sizeof theirs, "%s.theirs", ring_name("owner"));
    mode_t mask = umask(0);
    for (int access = 0; access < 3; access++) {
        static const uint32_t flags[] = {0, SLUICE_RING_WANT_GROUP, SLUICE_RING_WANT_EVERYBODY};
        static const mode_t modes[] = {0600, 0660, 0666};
        (void)umask(access == 0 ? 0 : 0077); /* neither wider nor narrower than asked for */
        sluice_ring_options options = options_of(ours, NULL);
        options.flags = flags[access];
        CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK && fstat(ring.fd, &status) == 0);
        CHECK((status.st_mode & 0777) == modes[access]);
        (void)as_nobody(access == 2 ? attach_ours : refused_ours);
        sluice_ring other;
        CHECK(sluice_ring_attach(&other, ours, NULL, 0) == SLUICE_OK);
        sluice_ring_close(&other, 0);
        CHECK(fchmod(ring.fd, 0666) == 0); /* behind its maker's back */
        int32_t found = sluice_ring_attach(&other, ours, NULL, 0);
        CHECK(found == (access == 2 ? SLUICE_OK : SLUICE_E_PERMISSION));
        CHECK(found == SLUICE_OK || strstr(other.error, "others may write") != NULL);
        sluice_ring_close(&other, 0);
        sluice_attach_options any = {sizeof any, SLUICE_ATTACH_ANY_OWNER, ours, NULL, 0};
        CHECK(sluice_ring_attach_with(&other, &any) == SLUICE_OK);
        sluice_ring_close(&other, 0);
        sluice_ring_close(&ring, 1);
    }
    (void)umask(mask);
    if (as_nobody(make_theirs)) {
        CHECK(sluice_ring_attach(&ring, theirs, NULL, 0) == SLUICE_E_PERMISSION);
        CHECK(strstr(ring.error, "belongs to user 65534") != NULL);
        sluice_attach_options any = {sizeof any, SLUICE_ATTACH_ANY_OWNER, theirs, NULL, 0};
        CHECK(sluice_ring_attach_with(&ring, &any) == SLUICE_OK);
        sluice_ring_close(&ring, 1);
    } else {
        fprintf(stderr, "rings of other users are left out: only root can be another user\n");
    }
}

static void links_are_not_followed(void)
{
    sluice_ring ring;
    char target[4200];
    memcpy(target, path_of("target"), sizeof target);
    const char *link_path = path_of("link");
    CHECK(symlink(target, link_path) == 0);
    sluice_ring_options options = options_of(NULL, link_path);
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_E_EXISTS && access(target, F_OK) != 0);
    options.file = target;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    sluice_ring_close(&ring, 0);
    link_path = path_of("link");
    CHECK(sluice_ring_attach(&ring, NULL, link_path, 0) == SLUICE_E_IO && strstr(ring.error, "symbolic link") != NULL);
    CHECK(unlink(link_path) == 0 && unlink(target) == 0);
    CHECK(sluice_ring_attach(&ring, NULL, folder, 0) < 0);
    CHECK(mkfifo(link_path, 0600) == 0);
    CHECK(sluice_ring_attach(&ring, NULL, link_path, 0) == SLUICE_E_ABI); /* and does not wait for a writer */
    CHECK(unlink(link_path) == 0);
}

/* A path of 4095 bytes, in parts, each of which the system takes. */
static void long_paths(void)
{
    sluice_ring ring, other;
    static char path[4200];
    int top = open(".", O_RDONLY | O_DIRECTORY), at = open(folder, O_RDONLY | O_DIRECTORY);
    size_t length = (size_t)snprintf(path, sizeof path, "%s", folder);
    char part[201];
    memset(part, 'd', 200);
    part[200] = '\0';
    while (length + 201 + 210 < 4095) {
        CHECK(mkdirat(at, part, 0700) == 0);
        int next = openat(at, part, O_RDONLY | O_DIRECTORY);
        CHECK(next >= 0 && close(at) == 0);
        at = next;
        length += (size_t)snprintf(path + length, sizeof path - length, "/%s", part);
    }
    memset(path + length, 'r', 4095 - length);
    path[length] = '/';
    path[4095] = '\0';
    if (4095 - length - 1 > 255) {
        path[length + 1 + 200] = '\0';
    }
    sluice_ring_options options = options_of(NULL, path);
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    CHECK(strcmp(sluice_ring_place(&ring), path) == 0 && strlen(ring.path) < sizeof ring.path);
    CHECK(sluice_ring_create(&other, &options) == SLUICE_E_EXISTS && strstr(other.error, "...") != NULL);
    CHECK(sluice_ring_attach(&other, NULL, path, 0) == SLUICE_OK);
    sluice_ring_close(&other, 0);
    sluice_ring_close(&ring, 1);
    CHECK(access(path, F_OK) != 0);
    static char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    longer[0] = '/';
    CHECK(sluice_ring_attach(&ring, NULL, longer, 0) == SLUICE_E_INVALID && strstr(ring.error, "at most 4095") != NULL);
    CHECK(close(at) == 0);
    while (length > strlen(folder)) {
        path[length] = '\0';
        CHECK(rmdir(path) == 0);
        length -= 201;
    }
    CHECK(close(top) == 0);
}

/* The working directory changes after a relative path was given; a name that is no UTF-8. */
static void other_paths(void)
{
    sluice_ring ring, other;
    char before[256];
    CHECK(getcwd(before, sizeof before) != NULL && chdir(folder) == 0);
    sluice_ring_options options = options_of(NULL, "relative");
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK && chdir("/") == 0);
    CHECK(strcmp(sluice_ring_place(&ring), path_of("relative")) == 0 && access(path_of("relative"), F_OK) == 0);
    sluice_ring_close(&ring, 1);
    CHECK(access(path_of("relative"), F_OK) != 0);
    CHECK(chdir(before) == 0);
    options.file = path_of("caf\xe9");
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    CHECK(sluice_ring_create(&other, &options) == SLUICE_E_EXISTS && strstr(other.error, "caf\\xE9") != NULL);
    sluice_ring_close(&ring, 1);
}

int main(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/sluice-names-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    never_half_made();
    one_wins();
    name_of_another();
    for (uint32_t producers = SLUICE_ONE_PRODUCER; producers <= SLUICE_MANY_PRODUCERS; producers++) {
        orphan_is_told(producers);
        introduced_by_a_name(producers);
        orphan_finds_out(producers, SLUICE_FAIL);
        orphan_finds_out(producers, SLUICE_BLOCK);
        orphan_finds_out(producers, SLUICE_DROP_OLDEST);
    }
    remove_it();
    whose_it_is();
    links_are_not_followed();
    long_paths();
    other_paths();
    CHECK(rmdir(folder) == 0);
    return 0;
}
