/* guest.c - the ring as a guest in a process: it takes no standard stream's descriptor though the host closed them, and its
 * texts are whole characters of UTF-8, whatever names are in them. */
#include "rings.h"

#include <locale.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

static int is_closed(int fd)
{
    return fcntl(fd, F_GETFD) == -1;
}

static void check_closed(void)
{
    CHECK(is_closed(0) && is_closed(1) && is_closed(2));
}

/* A producer of another process fetches the consumer's eventfd: two descriptors more. */
static void put_from_child(const char *name)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        sluice_ring ring;
        sluice_producer producer;
        CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK && ring.fd > 2);
        CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
        CHECK(sluice_producer_put(&producer, "12345678", 8) == SLUICE_OK);
        CHECK(producer.event_fd == -1 || producer.event_fd > 2); /* -1: this user may not look into the other process */
        check_closed();
        sluice_producer_close(&producer);
        sluice_ring_close(&ring, 0);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void without_stdio(const char *folder)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/ring", folder);
    const char *name = ring_name("guest");
    for (int kind = 0; kind < 4; kind++) {
        sluice_ring ring, other;
        sluice_ring_options options = ring_options(8, 4096, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
        options.name = kind == 1 ? name : NULL;
        options.file = kind == 2 ? path : NULL;
        options.flags = kind == 3 ? SLUICE_RING_WANT_HUGE_PAGES : 0;
        CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
        CHECK(ring.fd > 2);
        check_closed();
        uint64_t capacity = ring.header->capacity;
        CHECK(write(1, "x", 1) == -1 && errno == EBADF && ring.header->capacity == capacity);
        if (kind == 1 || kind == 2) {
            CHECK(sluice_ring_attach(&other, options.name, options.file, 0) == SLUICE_OK);
            CHECK(other.fd > 2);
            sluice_ring_close(&other, 0);
        }
        sluice_consumer consumer;
        CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
        if (kind == 1) {
            int event = sluice_above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
            CHECK(event > 2);
            sluice_consumer_event(&consumer, event);
            CHECK(sluice_consumer_arm(&consumer, 8) == 0);
            put_from_child(name);
            sluice_consumer_event(&consumer, -1);
            CHECK(close(event) == 0);
        }
        check_closed();
        sluice_consumer_close(&consumer);
        sluice_ring_close(&ring, 1);
        check_closed();
    }
}

/* The descriptor cannot be moved: the fault is told, and no file is left. */
static void without_descriptors(const char *folder)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/none", folder);
    sluice_ring_options options = ring_options(8, 4096, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    options.file = path;
    int held = 3;
    while (dup2(STDERR_FILENO, held) == held) {
        held++;
    }
    CHECK(close(0) == 0);
    sluice_ring ring;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_E_IO && is_closed(0));
    CHECK(strstr(ring.error, strerror(EMFILE)) != NULL && ring.header == NULL);
    CHECK(access(path, F_OK) == -1 && errno == ENOENT);
}

static void in_child(void (*body)(const char *folder), const char *folder, int closes)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int stream = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 64);
        CHECK(stream >= 64);
        for (int fd = 0; closes && fd < 3; fd++) {
            (void)close(fd);
        }
        if (closes) {
            stderr = fdopen(stream, "w"); /* what a failed CHECK says */
        }
        body(folder);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* The C library's own idea of what is whole UTF-8. */
static int is_whole(const char *text)
{
    return mbstowcs(NULL, text, 0) != (size_t)-1;
}

static void check_text(const char *name, size_t capacity, const char *expected)
{
    char memory[64];
    memset(memory, '#', sizeof memory);
    const char *shown = sluice_show_name(memory, capacity, name);
    if (strcmp(shown, expected) != 0) {
        fprintf(stderr, "'%s' is shown as '%s', not as '%s'\n", name, shown, expected);
        exit(1);
    }
    CHECK(shown >= memory && memory[capacity] == '#');
}

static void characters(void)
{
    check_text("", 8, "");
    check_text("run7", 8, "run7");
    check_text("0123456789", 8, "...6789");
    check_text("caf\xE9", 16, "caf\\xE9");
    check_text("\x80\xC0\xFE\xED\xA0\x80\xF5\xC3", 40, "\\x80\\xC0\\xFE\\xED\\xA0\\x80\\xF5\\xC3");
    check_text("\xC0\x80\xE0\x80\x80\xF4\x90\x80\x80", 40, "\\xC0\\x80\\xE0\\x80\\x80\\xF4\\x90\\x80\\x80");
    for (size_t capacity = 8; capacity < 60; capacity++) {
        for (size_t lead = 0; lead < 4; lead++) {
            char name[120] = "xyzw", memory[64];
            for (size_t at = lead; at + 9 < sizeof name; at += 9) {
                memcpy(name + at, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 10); /* 2, 3 and 4 bytes */
            }
            const char *shown = sluice_show_name(memory, capacity, name);
            CHECK(is_whole(shown) && memcmp(shown, "...", 3) == 0 && strlen(shown) + 4 >= capacity - 3);
        }
    }
}

/* Every length of name: no text ends or begins within a character. */
static void texts(void)
{
    sluice_ring ring;
    char name[256], path[300];
    for (size_t lead = 0; lead < 2; lead++) {
        for (size_t many = 20; many < 110; many++) {
            size_t at = 0;
            memset(name, 'x', lead);
            for (at = lead; at < lead + 2 * many; at += 2) {
                memcpy(name + at, "\xC3\xA9", 3);
            }
            int32_t status = sluice_ring_attach(&ring, name, NULL, 0);
            CHECK(status == (at > 200 ? SLUICE_E_INVALID : SLUICE_E_NOT_FOUND) && is_whole(ring.error));
            if (at < 180) {
                (void)snprintf(path, sizeof path, "/nowhere/%s", name);
                CHECK(sluice_ring_attach(&ring, NULL, path, 0) == SLUICE_E_NOT_FOUND && is_whole(ring.error));
            }
        }
    }
    CHECK(sluice_ring_attach(&ring, "caf\xE9", NULL, 0) == SLUICE_E_NOT_FOUND);
    CHECK(strstr(ring.error, "caf\\xE9") != NULL && is_whole(ring.error));
    for (size_t length = 240; length < 270; length++) {
        char text[300];
        memset(text, 'x', sizeof text);
        for (size_t at = length % 2; at + 2 < length; at += 2) {
            memcpy(text + at, "\xC3\xA9", 2);
        }
        text[length] = '\0';
        CHECK(sluice_ring_fault(&ring, SLUICE_E_IO, "%s", text) == SLUICE_E_IO && is_whole(ring.error));
        CHECK(strlen(ring.error) >= 254 || strlen(ring.error) >= length - 1);
    }
}

int main(void)
{
    char folder[] = "/tmp/sluice-guest-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    in_child(without_stdio, folder, 1);
    in_child(without_descriptors, folder, 0);
    CHECK(rmdir(folder) == 0);
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        fprintf(stderr, "the C library has no locale C.UTF-8\n");
        return SKIPPED;
    }
    characters();
    texts();
    return 0;
}
