/* fences.c - membarrier(2) refused to one process of a ring, as a seccomp filter does it: its own light fences are full ones,
 * and its heavy fence waits for the stores of its peers instead. No wake is lost, at an eventfd either. */
#include "rings.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { ROUNDS = 300 };

static void refuse_membarrier(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        fprintf(stderr, "skipped: this kernel takes no seccomp filter\n");
        _exit(SKIPPED);
    }
    CHECK(syscall(SYS_membarrier, 0, 0, 0) == -1 && errno == EPERM);
}

static void takes_over(const sluice_ring_view *view)
{
    CHECK((view->asymmetric & SLUICE_PEERS_ARE_LIGHT) != 0);
    int64_t begin = sluice_monotonic_ns();
    sluice_heavy_fence(view->asymmetric);
    CHECK(sluice_monotonic_ns() - begin >= SLUICE_SETTLE_NS);
}

/* Takes ROUNDS packets, asleep at an eventfd before each. `late`: the filter comes when the end is open. */
static int consume(const char *name, int late)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_batch batch;
    if (!late) {
        refuse_membarrier();
    }
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(((consumer.view.asymmetric & SLUICE_LIGHT_IS_FREE) != 0) == late);
    if (late) {
        refuse_membarrier();
    }
    takes_over(&consumer.view);
    struct pollfd wait = {eventfd(0, EFD_NONBLOCK), POLLIN, 0};
    sluice_consumer_event(&consumer, wait.fd);
    for (uint64_t due = 0; due < ROUNDS;) {
        uint64_t number;
        if (!sluice_consumer_arm(&consumer, 8)) {
            CHECK(poll(&wait, 1, 30000) == 1); /* else the wake is lost */
            (void)!read(wait.fd, &number, sizeof number);
        }
        while (sluice_consumer_peek(&consumer, 8, &batch) == SLUICE_OK) {
            memcpy(&number, batch.data, sizeof number);
            CHECK(number == due++);
            CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
        }
    }
    sluice_consumer_close(&consumer);
    return 0;
}

int main(void)
{
    const char *name = ring_name("fences");
    for (int late = 0; late < 2; late++) {
        sluice_ring ring;
        sluice_producer producer;
        sluice_ring_options options = ring_options(8, 4096, SLUICE_ONE_PRODUCER, SLUICE_BLOCK);
        options.name = name;
        CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK && sluice_producer_open(&producer, &ring) == SLUICE_OK);
        if ((ring.header->flags & SLUICE_RING_ASYMMETRIC) == 0) {
            fprintf(stderr, "skipped: this kernel offers no membarrier\n");
            sluice_ring_close(&ring, 1);
            return SKIPPED;
        }
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            _exit(consume(name, late));
        }
        int status = 0, ended = 0;
        for (uint64_t number = 0; number < ROUNDS && !ended; number++) {
            CHECK(sluice_producer_put(&producer, &number, 8) == SLUICE_OK);
            while (!ended && sluice_load_acquire(&ring.header->tail) != producer.head) { /* the other one sleeps before each */
                ended = waitpid(child, &status, WNOHANG) == child;
                usleep(100);
            }
        }
        CHECK(ended || waitpid(child, &status, 0) == child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
            sluice_ring_close(&ring, 1);
            return SKIPPED;
        }
        CHECK(status == 0 && sluice_load_acquire(&ring.header->tail) == producer.head);
        sluice_producer_close(&producer);
        sluice_ring_close(&ring, 1);
    }
    return 0;
}
