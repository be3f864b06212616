/* The library loaded again: by name and by another path it is the same one; a copy of the file is an engine
 * of its own. */
#include "abi.h"

#include <dlfcn.h>

typedef int32_t (*create_fn)(const sluice_buffer_options *, sluice_buffer **);
typedef int32_t (*put_fn)(sluice_buffer *, const void *, size_t);
typedef int32_t (*size_fn)(sluice_buffer *, uint64_t *);
typedef int32_t (*discard_fn)(sluice_buffer *, uint64_t *);

/* A function of a loaded library; ISO C has no cast from void * to one. */
static void load(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    CHECK(symbol != NULL);
    memcpy(function, &symbol, sizeof symbol);
}

static void use(void *library)
{
    create_fn create;
    put_fn put;
    size_fn size;
    discard_fn discard;
    load(library, "sluice_buffer_create", &create);
    load(library, "sluice_buffer_put", &put);
    load(library, "sluice_buffer_size", &size);
    load(library, "sluice_buffer_discard", &discard);
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = NULL;
    packet one = {1, 1};
    uint64_t packets = 0;
    CHECK(create(&options, &buffer) == SLUICE_OK);
    CHECK(put(buffer, &one, sizeof one) == SLUICE_OK && put(buffer, &one, sizeof one) == SLUICE_OK);
    CHECK(size(buffer, &packets) == SLUICE_OK && packets == 2);
    CHECK(discard(buffer, &packets) == SLUICE_OK && packets == 2);
}

static void copy_file(const char *from, const char *to)
{
    size_t bytes;
    char *content = read_file(from, &bytes);
    FILE *file = fopen(to, "wb");
    CHECK(content != NULL && file != NULL);
    CHECK(fwrite(content, 1, bytes, file) == bytes && fclose(file) == 0);
    free(content);
}

int main(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    Dl_info here;
    void *first = dlopen("libsluice.so.1", RTLD_NOW | RTLD_LOCAL);
    void *second = dlopen("libsluice.so.1", RTLD_NOW | RTLD_GLOBAL);
    CHECK(first != NULL && first == second);
    void *symbol = dlsym(first, "sluice_abi_version");
    CHECK(dladdr(symbol, &here) != 0);

    CHECK(symlink(here.dli_fname, in_folder("other-name.so")) == 0);
    void *third = dlopen(in_folder("other-name.so"), RTLD_NOW);
    CHECK(third == first);
    use(first);

    copy_file(here.dli_fname, in_folder("copy.so"));
    void *copy = dlopen(in_folder("copy.so"), RTLD_NOW | RTLD_LOCAL);
    if (copy != first) { /* the loader knows a library by its SONAME as well */
        CHECK(copy != NULL);
        use(copy);
        CHECK(dlclose(copy) == 0);
    }
    CHECK(dlclose(third) == 0 && dlclose(second) == 0 && dlclose(first) == 0);
    use(RTLD_DEFAULT); /* closed, and yet there: a run-time cannot be unloaded */
    put_packets(buffer, 0, 1);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
    return 0;
}
