/* What cannot be a buffer is refused with the value and its limit; what is left out has a default. */
#include "abi.h"

#include <signal.h>
#include <sys/resource.h>

static sluice_buffer *none;

/* Refused, and no handle is written. */
#define REFUSED(options, status, ...)                                                                        \
    do {                                                                                                     \
        none = NULL;                                                                                         \
        CHECK_FAULT(sluice_buffer_create(&(options), &none), status, __VA_ARGS__);                           \
        CHECK(none == NULL);                                                                                 \
    } while (0)

static void values_out_of_range(void)
{
    sluice_buffer_options options = packet_options();
    options.capacity = UINT64_MAX;
    REFUSED(options, SLUICE_E_INVALID, "capacity", "18446744073709551615");
    options.capacity = (UINT64_C(1) << 40) + 1;
    REFUSED(options, SLUICE_E_INVALID, "capacity", "1099511627777", "1099511627776");

    options = packet_options();
    options.stride = 0;
    REFUSED(options, SLUICE_E_INVALID, "stride");
    options.stride = 1 << 21;
    options.capacity = 1 << 20;
    REFUSED(options, SLUICE_E_INVALID, "stride", "2097152");

    options = packet_options();
    options.kind = 7;
    REFUSED(options, SLUICE_E_INVALID, "kind", "7");
    options = packet_options();
    options.shape = 9;
    REFUSED(options, SLUICE_E_INVALID, "shape", "9");
    options = packet_options();
    options.producers = 5;
    REFUSED(options, SLUICE_E_INVALID, "producers", "5");
    options = packet_options();
    options.full_policy = 11;
    REFUSED(options, SLUICE_E_INVALID, "full_policy", "11");
    options = packet_options();
    options.attach = 3;
    REFUSED(options, SLUICE_E_INVALID, "attach", "3");
    options = packet_options();
    options.release_combine = 2;
    REFUSED(options, SLUICE_E_INVALID, "release_combine", "2");
    options = packet_options();
    options.release_clock = 3;
    REFUSED(options, SLUICE_E_INVALID, "release_clock", "3");
    options = packet_options();
    options.wait = 3;
    REFUSED(options, SLUICE_E_INVALID, "wait", "3");
    options = packet_options();
    options.release_after_ns = -5;
    REFUSED(options, SLUICE_E_INVALID, "release", "-5");
}

static void values_that_contradict_each_other(void)
{
    sluice_layout *layout;
    CHECK_OK(sluice_layout_create("jitter", &layout));
    sluice_buffer_options options = packet_options();
    options.layout = layout;
    REFUSED(options, SLUICE_E_INVALID, "stride", "16", "24");
    CHECK_OK(sluice_layout_destroy(layout));
    options.stride = 0;
    REFUSED(options, SLUICE_E_HANDLE, "layout"); /* it is destroyed */

    options = packet_options();
    options.name = "a";
    options.file = "b";
    REFUSED(options, SLUICE_E_INVALID, "name", "file");
    options.file = NULL;
    options.name = "with/slash";
    REFUSED(options, SLUICE_E_INVALID, "with/slash");
    options.name = "fifo";
    options.kind = SLUICE_FIFO;
    REFUSED(options, SLUICE_E_INVALID, "name");
}

static void files_and_names_that_are_or_are_not_there(void)
{
    sluice_buffer_options options = packet_options();
    options.file = in_folder("ring");
    options.attach = SLUICE_ATTACH;
    REFUSED(options, SLUICE_E_NOT_FOUND, "ring");
    options.attach = SLUICE_CREATE;
    sluice_buffer *buffer = new_buffer(&options);
    REFUSED(options, SLUICE_E_EXISTS, "ring");
    CHECK_OK(sluice_buffer_destroy(buffer));
    options.file = in_folder("no/such/folder/ring");
    REFUSED(options, SLUICE_E_NOT_FOUND, "no/such/folder");
    FILE *file = fopen(in_folder("text"), "w");
    CHECK(file != NULL && fputs("this is not a ring", file) >= 0 && fclose(file) == 0);
    options.file = in_folder("text");
    options.attach = SLUICE_ATTACH;
    none = NULL;
    int32_t status = sluice_buffer_create(&options, &none);
    CHECK(status == SLUICE_E_ABI && none == NULL);
    size_t bytes;
    char *content = read_file(options.file, &bytes);
    CHECK(strcmp(content, "this is not a ring") == 0);
    free(content);
}

static void more_memory_than_there_is(void)
{
    sluice_buffer_options options = packet_options();
    struct rlimit space;
    CHECK(getrlimit(RLIMIT_AS, &space) == 0);
    struct rlimit small = {.rlim_cur = UINT64_C(6) << 30, .rlim_max = space.rlim_max};
    CHECK(setrlimit(RLIMIT_AS, &small) == 0);
    options.capacity = UINT64_C(64) << 30;
    REFUSED(options, SLUICE_E_MEMORY, "68719476736");
    CHECK(setrlimit(RLIMIT_AS, &space) == 0);
}

/* What fills a disk, or meets a limit of files, is a fault of input and output, as it is for a sink. */
static void a_file_ring_that_finds_no_space(void)
{
    sluice_buffer_options options = packet_options();
    struct rlimit usual;
    CHECK(getrlimit(RLIMIT_FSIZE, &usual) == 0 && signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    struct rlimit small = {.rlim_cur = 4096, .rlim_max = usual.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    options.file = in_folder("large");
    REFUSED(options, SLUICE_E_IO, "no space for a ring of 1052672 bytes in '", "/large'", "File too large", "ulimit -f");
    CHECK(access(options.file, F_OK) != 0);
    CHECK(setrlimit(RLIMIT_FSIZE, &usual) == 0);
    options.file = in_folder("nowhere/ring");
    REFUSED(options, SLUICE_E_NOT_FOUND, "/nowhere/ring", "make the directory '");
}

static void a_size_that_was_never_set(void)
{
    sluice_buffer_options options = packet_options();
    options.struct_size = 0;
    REFUSED(options, SLUICE_E_ABI, "struct_size is 0: set it to sizeof");
}

static void defaults(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    CHECK(stats_of(buffer).capacity == 1 << 20);
    CHECK_OK(sluice_buffer_destroy(buffer));
    options.capacity = 5000;
    buffer = new_buffer(&options);
    CHECK(stats_of(buffer).capacity == 8192);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    defaults();
    values_out_of_range();
    values_that_contradict_each_other();
    files_and_names_that_are_or_are_not_there();
    a_file_ring_that_finds_no_space();
    a_size_that_was_never_set();
    more_memory_than_there_is();
    return 0;
}
