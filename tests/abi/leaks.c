/* Memory, descriptors and mappings stay flat: leaks MODE [cycles|puts] COUNT.
 *
 *   cycles  buffers of every kind in turn, made and destroyed, with what belongs to them; 10^6 with
 * SLUICE_LONG=1 puts    packets through rings of every kind; 10^8 through each with SLUICE_LONG=1
 *
 * MODE is clean, or leak: then the test itself keeps a few bytes of every cycle or put, which it has to
 * notice (exit 3): 8 of a put and of a cycle of the long form, 64 of a cycle of the short one.
 *
 * Resident memory goes up and down with the runtime's own, so the least of many looks counts: the least of
 * the last quarter against the least of the second one. */
#include "abi.h"

#include <fcntl.h>
#include <sys/mman.h>

#define LOOKS 64
#define WARM_UP 20000

static int leaks; /* the broken twin */

/* Memory that nobody gives back, without what malloc adds. */
static void keep(uint64_t bytes)
{
    static uint8_t *pool;
    static uint64_t used, room;
    if (room - used < bytes) {
        room = 1 << 19;
        used = 0;
        pool = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(pool != MAP_FAILED);
    }
    memset(pool + used, 1, bytes);
    used += bytes;
}

static uint64_t resident_bytes(void)
{
    char text[128] = "";
    unsigned long long pages = 0;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0 && read(file, text, sizeof text - 1) > 0 && close(file) == 0);
    CHECK(sscanf(text, "%*u %llu", &pages) == 1);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static unsigned open_files(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    while (readdir(folder) != NULL) {
        count++;
    }
    CHECK(closedir(folder) == 0);
    return count;
}

/* Mappings of rings; the runtime's own come and go. */
static unsigned ring_mappings(void)
{
    unsigned count = 0;
    char line[1024];
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        count += strstr(line, "memfd:") != NULL || strstr(line, "sluice-test") != NULL;
    }
    CHECK(fclose(maps) == 0);
    return count;
}

static sluice_layout *layout;

static void one_cycle(uint64_t number)
{
    sluice_buffer_options options = {.struct_size = sizeof options,
                                     .kind = number & 1,
                                     .capacity = 4096,
                                     .producers = (number >> 1) & 1,
                                     .shape = (number >> 2) & 1};
    if (options.shape == 0) {
        options.layout = (number & 8) != 0 ? layout : NULL;
        options.stride = options.layout != NULL ? 0 : 16;
    }
    sluice_buffer *buffer = new_buffer(&options);
    char packet[16] = "fifteen letters";
    CHECK_OK(options.shape == 0 ? sluice_buffer_put(buffer, packet, sizeof packet)
                                : sluice_buffer_put_record(buffer, packet, number % 16, 1));
    if ((number & 16) != 0) {
        CHECK_OK(sluice_buffer_add_memory_sink(buffer, 4096, NULL));
        CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    }
    if (number % 64 == 63) {
        char path[600];
        (void)snprintf(path, sizeof path, "%s", in_folder("cycle.dat"));
        (void)add_file(buffer, path);
        CHECK_OK(sluice_buffer_start(buffer));
        CHECK_OK(sluice_buffer_destroy(buffer));
        CHECK(unlink(path) == 0);
    } else if ((number & 16) != 0) {
        CHECK_OK(sluice_buffer_destroy(buffer));
    } else {
        CHECK_OK(sluice_buffer_discard(buffer, NULL));
    }
    if (number % 8 == 7) {
        sluice_layout *made = NULL;
        sluice_formatter *formatter = NULL;
        CHECK_OK(sluice_layout_create("> header:B=0xA1; pin:B; time:I*1e-3 [s] %.3f; adc:H", &made));
        CHECK_OK(sluice_formatter_create(made, NULL, &formatter));
        CHECK_OK(sluice_layout_destroy(made));
        CHECK_OK(sluice_formatter_destroy(formatter));
        CHECK_STATUS(sluice_layout_create("?", &made), SLUICE_E_LAYOUT);
    }
}

static int32_t look(void *user, const sluice_batch *batch)
{
    *(uint64_t *)user += batch->packets;
    return SLUICE_OK;
}

#define RUN 4096 /* packets put before they are taken: several segments of a FIFO */

/* Packets through one of four rings; each of them lives from the first call to the last. */
static void one_run(uint64_t number)
{
    static sluice_buffer *buffers[4];
    static sluice_producer producers[4];
    unsigned which = number % 4;
    uint64_t seen = 0, taken = 0, payload[2] = {number, number};
    if (buffers[which] == NULL) {
        sluice_buffer_options options = {.struct_size = sizeof options,
                                         .kind = which & 1,
                                         .shape = which >> 1,
                                         .stride = which >> 1 ? 0 : 16,
                                         .capacity = which & 1 ? RUN * 24 : 1 << 14};
        buffers[which] = new_buffer(&options);
        CHECK_OK(sluice_buffer_open_producer(buffers[which], &producers[which], sizeof producers[which]));
    }
    for (int i = 0; i < RUN; i++) {
        CHECK_OK(which >> 1 ? sluice_producer_put_record(&producers[which], payload, 16, 1)
                            : sluice_producer_put(&producers[which], payload, 16));
    }
    CHECK_OK(sluice_buffer_take(buffers[which], 0, look, &seen, &taken));
    CHECK(seen == RUN && taken == RUN);
}

/* Runs `step` `rounds` times. 0: flat; 3: it grew by half of what a leak of `bytes` a round would be. */
static int watch(void (*step)(uint64_t), uint64_t warm_up, uint64_t rounds, uint64_t bytes)
{
    uint64_t early = UINT64_MAX, late = UINT64_MAX, done = 0;
    unsigned files = 0, mappings = 0;
    for (uint64_t i = 0; i < warm_up; i++) { /* until the runtime collected its garbage for the first time */
        step(i);
    }
    for (unsigned at = 0; at < LOOKS; at++) {
        for (uint64_t end = rounds * (at + 1) / LOOKS; done < end; done++) {
            step(done);
            if (leaks) {
                keep(bytes);
            }
        }
        uint64_t now = resident_bytes();
        if (at >= LOOKS / 4 && at < LOOKS / 2) {
            early = now < early ? now : early;
        } else if (at >= LOOKS * 3 / 4) {
            late = now < late ? now : late;
        }
        if (at == LOOKS / 2) {
            files = open_files();
            mappings = ring_mappings();
        }
    }
    int64_t grown = (int64_t)(late - early), bound = (int64_t)(rounds * bytes / 4);
    printf("%llu rounds: %lld KiB more in the last quarter than in the second; %lld KiB are a leak of %llu "
           "bytes a "
           "round; %u files, %u mappings\n",
           (unsigned long long)rounds, (long long)grown / 1024, (long long)bound / 1024,
           (unsigned long long)bytes, open_files(), ring_mappings());
    CHECK(open_files() == files && ring_mappings() == mappings);
    return grown < bound ? 0 : 3;
}

int main(int count, char **arguments)
{
    CHECK(count == 4);
    leaks = strcmp(arguments[1], "leak") == 0;
    uint64_t wanted = strtoull(arguments[3], NULL, 10);
    const char *text = getenv("SLUICE_LONG");
    int all = text != NULL && strcmp(text, "1") == 0;
    CHECK_OK(sluice_layout_create("> header:B=0x66; rest:15B", &layout));
    if (strcmp(arguments[2], "cycles") == 0) {
        return all ? watch(one_cycle, WARM_UP, 1000000, 8) : watch(one_cycle, WARM_UP, wanted, 64);
    }
    return watch(one_run, 100, (all ? 400000000 : wanted) / RUN, RUN * 8);
}
