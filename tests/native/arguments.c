/* arguments.c - what create and attach refuse, with which status and which words; nothing is left behind. */
#include "rings.h"

#include <sys/mount.h>
#include <sys/wait.h>

static char folder[64];

static const char *path_of(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void refuse_create(sluice_ring_options options, int32_t status, const char *words)
{
    sluice_ring ring;
    CHECK(sluice_ring_create(&ring, &options) == status);
    if (strstr(ring.error, words) == NULL) {
        fprintf(stderr, "'%s' is not in '%s'\n", words, ring.error);
        exit(1);
    }
    CHECK(ring.header == NULL);
    sluice_ring_close(&ring, 1); /* of what never was: nothing happens */
}

static void create(void)
{
    sluice_ring_options good = ring_options(64, 65536, SLUICE_ONE_PRODUCER, SLUICE_FAIL), bad = good;
    bad.struct_size = 8;
    refuse_create(bad, SLUICE_E_ABI, "struct_size is 8: set it to sizeof(sluice_ring_options)");
    bad.struct_size = 0;
    refuse_create(bad, SLUICE_E_ABI, "struct_size is 0: set it to sizeof");
    bad = good;
    bad.capacity = 0;
    refuse_create(bad, SLUICE_E_INVALID, "capacity is 0 bytes, it must be 1 to 1099511627776");
    bad.capacity = UINT64_MAX;
    refuse_create(bad, SLUICE_E_INVALID, "capacity is 18446744073709551615");
    bad = good;
    bad.stride = 0;
    refuse_create(bad, SLUICE_E_INVALID, "stride is 0");
    bad.stride = 65537;
    refuse_create(bad, SLUICE_E_INVALID, "stride is 65537 bytes, it must be 1 to the capacity of 65536");
    bad = good;
    bad.shape = 2;
    refuse_create(bad, SLUICE_E_INVALID, "shape 2");
    bad = good;
    bad.producers = 9;
    refuse_create(bad, SLUICE_E_INVALID, "producers 9");
    bad = good;
    bad.full_policy = 5;
    refuse_create(bad, SLUICE_E_INVALID, "full_policy 5");
    bad.full_policy = SLUICE_GROW;
    refuse_create(bad, SLUICE_E_INVALID, "full_policy is 4, at most 3");
    bad = good;
    for (uint32_t bit = 0; bit < 32; bit++) {
        bad.flags = 1u << bit;
        if (bit < 3 || bit > 7) {
            char words[64];
            (void)snprintf(words, sizeof words, "flags is %u, only 8", bad.flags);
            refuse_create(bad, SLUICE_E_INVALID, words);
        }
    }
    bad = good;
    bad.name = "a/b";
    refuse_create(bad, SLUICE_E_INVALID, "'a/b'");
    bad.name = "";
    refuse_create(bad, SLUICE_E_INVALID, "1 to 200 bytes without '/'");
    static char longest[300];
    memset(longest, 'n', sizeof longest - 1);
    bad.name = longest;
    refuse_create(bad, SLUICE_E_INVALID, "1 to 200 bytes without '/'");
    bad.name = "x";
    bad.file = "y";
    refuse_create(bad, SLUICE_E_INVALID, "not both");
    bad = good;
    static char text[1280];
    memset(text, 't', sizeof text - 1);
    bad.layout_text = text;
    sluice_ring ring;
    CHECK(sluice_ring_create(&ring, &bad) == SLUICE_OK); /* 1279 fit */
    CHECK(ring.header->layout_bytes == 1279 && memcmp(ring.header->layout_text, text, 1280) == 0);
    sluice_ring_close(&ring, 0);
    static char too_long[1281];
    memset(too_long, 't', sizeof too_long - 1);
    bad.layout_text = too_long;
    refuse_create(bad, SLUICE_E_SIZE, "1280 bytes, at most 1279");
    bad = good;
    bad.file = path_of("no/such/folder");
    refuse_create(bad, SLUICE_E_NOT_FOUND, "no/such/folder");
    bad.file = path_of("taken");
    CHECK(sluice_ring_create(&ring, &bad) == SLUICE_OK);
    refuse_create(bad, SLUICE_E_EXISTS, "taken");
    sluice_ring_close(&ring, 1);
    CHECK(access(path_of("taken"), F_OK) != 0);
    bad.flags = SLUICE_RING_WANT_HUGE_PAGES; /* a wish: normal pages do where there are no huge ones */
    bad.file = NULL;
    CHECK(sluice_ring_create(&ring, &bad) == SLUICE_OK);
    CHECK(ring.header->capacity >= 65536);
    ring.data[0] = 7;
    CHECK(ring.data[ring.header->capacity] == 7);
    sluice_ring_close(&ring, 0);
}

/* As another user where the test runs as root: root may write everywhere. */
static void read_only_folder(void)
{
    CHECK(chmod(folder, 0555) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(getuid() != 0 || setuid(65534) == 0);
        sluice_ring_options options = ring_options(64, 65536, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
        options.file = path_of("forbidden");
        refuse_create(options, SLUICE_E_PERMISSION, "forbidden");
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(chmod(folder, 0700) == 0);
}

static void full_disk(void)
{
    char disk[128];
    (void)snprintf(disk, sizeof disk, "%s", path_of("disk"));
    CHECK(mkdir(disk, 0700) == 0);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=256k") != 0) {
        fprintf(stderr, "full_disk is left out: mounting a small tmpfs needs rights that this user lacks\n");
        CHECK(rmdir(disk) == 0);
        return;
    }
    sluice_ring_options options = ring_options(64, 1 << 20, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/ring", disk);
    options.file = path;
    refuse_create(options, SLUICE_E_IO, "no space for a ring of 1052672 bytes in /tmp/"); /* as a sink's full disk */
    refuse_create(options, SLUICE_E_IO, "disk/ring: No space left on device; free space there");
    CHECK(access(path, F_OK) != 0);
    options.capacity = 65536;
    sluice_ring ring;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    memset(ring.data, 1, 65536); /* space is reserved: no signal here */
    sluice_ring_close(&ring, 1);
    CHECK(umount(disk) == 0 && rmdir(disk) == 0);
}

static void refuse_attach(const char *file, int32_t status, const char *words)
{
    sluice_ring ring;
    CHECK(sluice_ring_attach(&ring, NULL, file, 0) == status);
    if (strstr(ring.error, words) == NULL) {
        fprintf(stderr, "'%s' is not in '%s'\n", words, ring.error);
        exit(1);
    }
    CHECK(ring.header == NULL && ring.fd == -1);
}

typedef void (*damage)(sluice_ring_header *header);
static void other_abi(sluice_ring_header *header) { header->abi = 77; }
static void other_page(sluice_ring_header *header) { header->header_bytes = 8192; }
static void no_magic(sluice_ring_header *header) { header->magic ^= 1; }
static void no_stride(sluice_ring_header *header) { header->stride = 0; }
static void wide_stride(sluice_ring_header *header) { header->stride = 1u << 30; }
static void other_shape(sluice_ring_header *header) { header->shape = 5; }
static void no_capacity(sluice_ring_header *header) { header->capacity = 0; }
static void odd_capacity(sluice_ring_header *header) { header->capacity = 65535; }
static void large_capacity(sluice_ring_header *header) { header->capacity <<= 20; }
static void far_data(sluice_ring_header *header) { header->data_offset = UINT64_MAX - 4095; }
static void near_data(sluice_ring_header *header) { header->data_offset = 0; }
static void few_cells(sluice_ring_header *header) { header->cells = 4; }
static void many_cells(sluice_ring_header *header) { header->cells = UINT64_C(1) << 61; }
static void moved_cells(sluice_ring_header *header) { header->cells_offset = 16; }
static void long_text(sluice_ring_header *header) { header->layout_bytes = 5000; }

static void attach(void)
{
    sluice_ring ring, other;
    CHECK(sluice_ring_attach(&ring, NULL, NULL, 0) == SLUICE_E_INVALID);
    CHECK(sluice_ring_attach(&ring, "a", "b", 0) == SLUICE_E_INVALID);
    CHECK(sluice_ring_attach(&ring, ring_name("nowhere"), NULL, 0) == SLUICE_E_NOT_FOUND);
    int64_t begin = sluice_monotonic_ns();
    CHECK(sluice_ring_attach(&ring, ring_name("nowhere"), NULL, 20000000) == SLUICE_E_NOT_FOUND);
    CHECK(sluice_monotonic_ns() - begin >= 20000000);

    char file[128];
    (void)snprintf(file, sizeof file, "%s", path_of("text"));
    FILE *text = fopen(file, "w");
    CHECK(text != NULL && fputs("not a ring\n", text) >= 0 && fclose(text) == 0);
    refuse_attach(file, SLUICE_E_ABI, "is not a ring");
    refuse_attach(file, SLUICE_E_ABI, "it begins with the bytes 6E6F742061207269; give the path of a ring");
    CHECK(truncate(file, 0) == 0);
    refuse_attach(file, SLUICE_E_ABI, "it is empty");
    CHECK(unlink(file) == 0);

    (void)snprintf(file, sizeof file, "%s", path_of("ring"));
    static const struct {
        damage what;
        const char *words;
    } damages[] = {{other_abi, "layout version 77, this header knows 1"}, {other_page, "layout version"},
                   {no_magic, "is not a ring"}, {no_stride, "contradicts"}, {wide_stride, "contradicts"},
                   {other_shape, "contradicts"}, {no_capacity, "contradicts"}, {odd_capacity, "contradicts"},
                   {large_capacity, "contradicts"}, {far_data, "contradicts"}, {near_data, "contradicts"},
                   {few_cells, "contradicts"}, {many_cells, "contradicts"}, {moved_cells, "contradicts"},
                   {long_text, "contradicts"}};
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        sluice_ring_options options = ring_options(64, 65536, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
        options.file = file;
        CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
        CHECK(sluice_ring_attach(&other, NULL, file, 0) == SLUICE_OK);
        CHECK(other.header->capacity == 65536 && other.cells != NULL);
        sluice_ring_close(&other, 0);
        damages[i].what(ring.header);
        refuse_attach(file, strcmp(damages[i].words, "contradicts") == 0 ? SLUICE_E_CORRUPT : SLUICE_E_ABI, damages[i].words);
        sluice_ring_close(&ring, 1);
    }
    sluice_ring_options options = ring_options(64, 65536, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    options.file = file;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    CHECK(truncate(file, 40000) == 0);
    refuse_attach(file, SLUICE_E_CORRUPT, "contradicts itself, or its size of 40000 bytes");
    CHECK(truncate(file, 100) == 0);
    refuse_attach(file, SLUICE_E_ABI, "is not a ring");
    sluice_ring_close(&ring, 1);
}

int main(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/sluice-arguments-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    create();
    read_only_folder();
    full_disk();
    attach();
    CHECK(rmdir(folder) == 0);
    return 0;
}
