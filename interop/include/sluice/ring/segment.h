/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/segment.h - making, finding and leaving the memory of a ring.
 *
 * A ring is anonymous (this process and its forks), named (shared memory /sluice.NAME, other processes attach by
 * the name) or file-backed (survives its processes; a reboot too, as far as the file system wrote it). The data
 * area is mapped twice back to back. Space of names and files is reserved at creation, so that a full disk is an
 * error here and not a signal later.
 *
 * Threading: one thread at a time per sluice_ring.
 */
#ifndef SLUICE_RING_SEGMENT_H
#define SLUICE_RING_SEGMENT_H

#include "wait.h"

#include <sys/mman.h>

#define SLUICE_RING_LARGEST (UINT64_C(1) << 40)
#define SLUICE_RING_WANT_HUGE_PAGES 8u /* anonymous rings: 2 MiB pages if the system has any free, else normal ones */
#define SLUICE_RING_WANT_LOCKED 16u    /* mlock: E_PERMISSION when the limit does not allow it */

typedef struct sluice_ring_options {
    uint32_t struct_size; /* sizeof(sluice_ring_options) */
    uint32_t shape;       /* sluice_shape */
    uint32_t stride;      /* bytes of a packet; fixed stride only */
    uint32_t producers;   /* sluice_producers */
    uint32_t full_policy; /* sluice_full_policy */
    uint32_t flags;       /* SLUICE_RING_WANT_... */
    uint64_t capacity;    /* bytes, rounded up to a power of two of at least a page */
    int64_t block_timeout_ns;
    const char *name;        /* named, or */
    const char *file;        /* file-backed; both NULL: anonymous */
    const char *layout_text; /* may be NULL; at most 1279 bytes */
    uint64_t check_mask;
    uint64_t check_value;
} sluice_ring_options;

#define SLUICE_RING_FAULT(ring, status, ...) sluice_ring_fault((ring), (status), __VA_ARGS__)

static inline int32_t sluice_status_of_errno(int code)
{
    switch (code) {
    case EEXIST:
        return SLUICE_E_EXISTS;
    case ENOENT:
        return SLUICE_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return SLUICE_E_PERMISSION;
    case ENOMEM:
        return SLUICE_E_MEMORY;
    default:
        return SLUICE_E_IO;
    }
}

/* Where a ring lies: the file as it is, a name as /dev/shm/sluice.NAME. */
static inline int32_t sluice_ring_path(sluice_ring *ring, const char *name, const char *file)
{
    size_t length = strlen(name != NULL ? name : file);
    if (length == 0 || length > 200 || (name != NULL && strchr(name, '/') != NULL)) {
        char shown[96];
        return SLUICE_RING_FAULT(ring, SLUICE_E_INVALID, "ring name '%s' has %zu bytes, it must be 1 to 200 bytes without '/'",
                                 sluice_show_name(shown, sizeof shown, name != NULL ? name : file), length);
    }
    (void)snprintf(ring->path, sizeof ring->path, name != NULL ? "/dev/shm/sluice.%s" : "%s", name != NULL ? name : file);
    return SLUICE_OK;
}

/* Maps header and data, the data twice. */
static inline int32_t sluice_ring_map(sluice_ring *ring, uint64_t data_offset, uint64_t capacity)
{
    uint64_t whole = data_offset + 2 * capacity, spare = data_offset & -data_offset; /* huge pages lie at multiples */
    uint8_t *base = (uint8_t *)mmap(NULL, whole + spare, PROT_NONE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return SLUICE_RING_FAULT(ring, SLUICE_E_MEMORY, "no address space for a ring of %llu bytes: %s",
                                 (unsigned long long)capacity, strerror(errno));
    }
    uint64_t before = sluice_round_up((uintptr_t)base, spare) - (uintptr_t)base;
    if (before != 0) {
        (void)munmap(base, before);
    }
    base += before;
    if (spare != before) {
        (void)munmap(base + whole, spare - before);
    }
    int protection = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED;
    if (mmap(base, data_offset + capacity, protection, flags, ring->fd, 0) == MAP_FAILED ||
        mmap(base + data_offset + capacity, capacity, protection, flags, ring->fd, (off_t)data_offset) ==
            MAP_FAILED) {
        int code = errno;
        (void)munmap(base, whole);
        return SLUICE_RING_FAULT(ring, sluice_status_of_errno(code), "mapping a ring of %llu bytes failed: %s",
                                 (unsigned long long)capacity, strerror(code));
    }
    ring->header = (sluice_ring_header *)(void *)base;
    ring->data = base + data_offset;
    ring->mapped_bytes = whole;
    return SLUICE_OK;
}

/* Unmaps. The memory of a named or file-backed ring stays for others; `remove` takes its name away as well. The ends
 * must be closed before. A second close does nothing. */
SLUICE_INLINE void sluice_ring_close(sluice_ring *ring, int32_t remove)
{
    if (ring->header != NULL) {
        (void)munmap(ring->header, ring->mapped_bytes);
    }
    if (ring->fd >= 0) {
        (void)close(ring->fd);
    }
    if (remove && ring->path[0] != '\0') {
        (void)unlink(ring->path);
    }
    ring->header = NULL;
    ring->fd = -1;
    ring->path[0] = '\0';
}

/* Sizes of a ring's parts, in bytes; cells counts cells. */
typedef struct sluice_ring_plan {
    uint64_t page;
    uint64_t capacity;
    uint64_t cells;
    uint64_t data_offset;
    uint64_t bytes;
} sluice_ring_plan;

static inline void sluice_ring_lay_out(sluice_ring_plan *plan, const sluice_ring_options *options)
{
    plan->capacity = plan->page;
    while (plan->capacity < options->capacity) {
        plan->capacity *= 2;
    }
    plan->cells = 0;
    if (options->shape == SLUICE_FIXED && options->producers == SLUICE_MANY_PRODUCERS) {
        for (plan->cells = 1; plan->cells < plan->capacity / options->stride + 1;) {
            plan->cells *= 2;
        }
    }
    plan->data_offset = sluice_round_up(SLUICE_RING_HEADER_BYTES + plan->cells * 8, plan->page);
    plan->bytes = plan->data_offset + plan->capacity;
}

static inline int32_t sluice_ring_open_memory(sluice_ring *ring, const sluice_ring_options *options,
                                              sluice_ring_plan *plan)
{
    ring->fd = -1;
    plan->page = (uint64_t)sysconf(_SC_PAGESIZE);
    sluice_ring_lay_out(plan, options);
    if (options->name != NULL || options->file != NULL) {
        int32_t status = sluice_ring_path(ring, options->name, options->file);
        if (status != SLUICE_OK) {
            return status;
        }
        int fd = open(ring->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        ring->fd = sluice_above_stdio(fd);
        if (ring->fd < 0) {
            int code = errno;
            char shown[160];
            if (fd >= 0) {
                (void)unlink(ring->path); /* it was made, and its descriptor could not be moved */
            }
            status = SLUICE_RING_FAULT(ring, sluice_status_of_errno(code), "cannot create ring %s: %s",
                                       sluice_show_name(shown, sizeof shown, ring->path), strerror(code));
            ring->path[0] = '\0';
            return status;
        }
        return SLUICE_OK;
    }
    if (options->flags & SLUICE_RING_WANT_HUGE_PAGES) {
        sluice_ring_plan huge = {UINT64_C(2) << 20, 0, 0, 0, 0};
        sluice_ring_lay_out(&huge, options);
        ring->fd = sluice_above_stdio((int32_t)syscall(SYS_memfd_create, "sluice", 1u | 4u)); /* MFD_CLOEXEC | MFD_HUGETLB */
        if (ring->fd >= 0 && ftruncate(ring->fd, (off_t)huge.bytes) == 0 &&
            posix_fallocate(ring->fd, 0, (off_t)huge.bytes) == 0) {
            *plan = huge;
            return SLUICE_OK;
        }
        if (ring->fd >= 0) {
            (void)close(ring->fd); /* there are none, or too few of them */
        }
    }
    ring->fd = sluice_above_stdio((int32_t)syscall(SYS_memfd_create, "sluice", 1u));
    return ring->fd >= 0 ? SLUICE_OK
                         : SLUICE_RING_FAULT(ring, SLUICE_E_MEMORY, "memfd_create failed: %s", strerror(errno));
}

/* Refuses what cannot be a ring; names the value and its limit. */
static inline int32_t sluice_ring_check_options(sluice_ring *ring, const sluice_ring_options *options)
{
    if (options->struct_size < sizeof *options) {
        return SLUICE_RING_FAULT(ring, SLUICE_E_ABI, "struct_size is %u, this header needs %u", options->struct_size,
                                 (unsigned)sizeof *options);
    }
    if (options->capacity == 0 || options->capacity > SLUICE_RING_LARGEST) {
        return SLUICE_RING_FAULT(ring, SLUICE_E_INVALID, "capacity is %llu bytes, it must be 1 to %llu",
                                 (unsigned long long)options->capacity, (unsigned long long)SLUICE_RING_LARGEST);
    }
    if (options->shape > SLUICE_FRAMED || options->producers > SLUICE_MANY_PRODUCERS ||
        options->full_policy > SLUICE_GROW) {
        return SLUICE_RING_FAULT(ring, SLUICE_E_INVALID, "shape %u, producers %u or full_policy %u is not known",
                                 options->shape, options->producers, options->full_policy);
    }
    if (options->shape == SLUICE_FIXED && (options->stride == 0 || options->stride > options->capacity)) {
        return SLUICE_RING_FAULT(ring, SLUICE_E_INVALID, "stride is %u bytes, it must be 1 to the capacity of %llu",
                                 options->stride, (unsigned long long)options->capacity);
    }
    if (options->name != NULL && options->file != NULL) {
        return SLUICE_RING_FAULT(ring, SLUICE_E_INVALID, "give a name or a file or neither, not both");
    }
    if (options->layout_text != NULL && strlen(options->layout_text) >= sizeof ring->header->layout_text) {
        return SLUICE_RING_FAULT(ring, SLUICE_E_SIZE, "layout_text has %zu bytes, at most %zu fit",
                                 strlen(options->layout_text), sizeof ring->header->layout_text - 1);
    }
    return SLUICE_OK;
}

/* Makes a ring. E_EXISTS when the name or file is taken: nothing is overwritten. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_ring_create(sluice_ring *ring, const sluice_ring_options *options)
{
    memset(ring, 0, sizeof *ring);
    ring->fd = -1;
    int32_t status = sluice_ring_check_options(ring, options);
    if (status != SLUICE_OK) {
        return status;
    }
    sluice_ring_plan plan;
    status = sluice_ring_open_memory(ring, options, &plan);
    if (status != SLUICE_OK) {
        return status;
    }
    int code = ftruncate(ring->fd, (off_t)plan.bytes) != 0 ? errno : 0;
    if (code == 0 && ring->path[0] != '\0') {
        code = posix_fallocate(ring->fd, 0, (off_t)plan.bytes);
    }
    if (code != 0) {
        status = SLUICE_RING_FAULT(ring, code == ENOSPC ? SLUICE_E_MEMORY : sluice_status_of_errno(code),
                                   "no space for a ring of %llu bytes: %s", (unsigned long long)plan.bytes,
                                   strerror(code));
    }
    if (status == SLUICE_OK) {
        status = sluice_ring_map(ring, plan.data_offset, plan.capacity);
    }
    if (status == SLUICE_OK && options->flags & SLUICE_RING_WANT_LOCKED &&
        mlock(ring->header, ring->mapped_bytes) != 0) {
        status = SLUICE_RING_FAULT(ring, SLUICE_E_PERMISSION, "mlock of %llu bytes failed: %s",
                                   (unsigned long long)ring->mapped_bytes, strerror(errno));
    }
    if (status != SLUICE_OK) {
        sluice_ring_close(ring, 1);
        return status;
    }
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    sluice_ring_header *header = ring->header;
    ring->self = sluice_self_identity();
    ring->owns_name = 1;
    header->abi = SLUICE_RING_ABI;
    header->header_bytes = SLUICE_RING_HEADER_BYTES;
    header->data_offset = plan.data_offset;
    header->capacity = plan.capacity;
    header->shape = options->shape;
    header->stride = options->shape == SLUICE_FIXED ? options->stride : 0;
    header->producers = options->producers;
    header->full_policy = options->full_policy;
    header->flags = options->flags & SLUICE_RING_WANT_LOCKED;
    header->flags |= sluice_fence_register() * (uint32_t)SLUICE_RING_ASYMMETRIC;
    header->flags |= (uint32_t)(options->name != NULL) * (uint32_t)SLUICE_RING_NAMED;
    header->flags |= (uint32_t)(options->file != NULL) * (uint32_t)SLUICE_RING_FILE;
    header->flags |= (uint32_t)(plan.page > 65536) * (uint32_t)SLUICE_RING_HUGE_PAGES;
    header->cells = plan.cells;
    header->cells_offset = plan.cells == 0 ? 0 : SLUICE_RING_HEADER_BYTES;
    header->segment_bytes = plan.bytes;
    header->block_timeout_ns = options->block_timeout_ns;
    header->pid_namespace = sluice_pid_namespace();
    header->created_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    header->check_mask = options->check_mask;
    header->check_value = options->check_value;
    header->wake_at = SLUICE_RING_NEVER;
    header->event_fd = -1;
    header->creator = ring->self;
    if (options->layout_text != NULL) {
        header->layout_bytes = (uint32_t)strlen(options->layout_text);
        memcpy(header->layout_text, options->layout_text, header->layout_bytes);
    }
    ring->cells = plan.cells == 0 ? NULL : (uint64_t *)(void *)((uint8_t *)header + header->cells_offset);
    sluice_store_release(&header->magic, SLUICE_RING_MAGIC);
    return SLUICE_OK;
}

/* Checks a header page against the size of its file before anything in it is used. */
static inline int32_t sluice_ring_check_header(sluice_ring *ring, const sluice_ring_header *header, uint64_t file_bytes)
{
    if (header->abi != SLUICE_RING_ABI || header->header_bytes != SLUICE_RING_HEADER_BYTES) {
        return SLUICE_RING_FAULT(ring, SLUICE_E_ABI, "the ring has layout version %u, this header knows %u", header->abi,
                                 SLUICE_RING_ABI);
    }
    uint64_t capacity = header->capacity, room = file_bytes - header->data_offset;
    int fixed = header->shape == SLUICE_FIXED, celled = fixed && header->producers == SLUICE_MANY_PRODUCERS;
    if (header->data_offset > file_bytes || header->data_offset < SLUICE_RING_HEADER_BYTES || capacity == 0 ||
        (capacity & (capacity - 1)) != 0 || room != capacity || header->shape > SLUICE_FRAMED ||
        header->producers > SLUICE_MANY_PRODUCERS || header->full_policy > SLUICE_GROW ||
        (fixed && (header->stride == 0 || header->stride > capacity)) || (header->cells & (header->cells - 1)) != 0 ||
        header->cells > header->data_offset / 8 || header->layout_bytes >= sizeof header->layout_text ||
        (celled && (header->cells <= capacity / header->stride || header->cells_offset != SLUICE_RING_HEADER_BYTES ||
                    header->cells_offset + header->cells * 8 > header->data_offset))) {
        char shown[160];
        return SLUICE_RING_FAULT(ring, SLUICE_E_ABI, "the header of ring %s contradicts its size of %llu bytes",
                                 sluice_show_name(shown, sizeof shown, ring->path), (unsigned long long)file_bytes);
    }
    return SLUICE_OK;
}

/* Attaches to a ring that another process made, or that a file kept. Waits up to timeout_ns for one that is being
 * made just now. E_NOT_FOUND: there is none of that name. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_ring_attach(sluice_ring *ring, const char *name, const char *file,
                                                        int64_t timeout_ns)
{
    memset(ring, 0, sizeof *ring);
    ring->fd = -1;
    if ((name == NULL) == (file == NULL)) {
        return SLUICE_RING_FAULT(ring, SLUICE_E_INVALID, "give a name or a file, one of the two");
    }
    int32_t status = sluice_ring_path(ring, name, file);
    if (status != SLUICE_OK) {
        return status;
    }
    int64_t deadline = sluice_deadline(timeout_ns);
    struct timespec pause = {0, 1000000};
    char memory[160];
    const char *shown = sluice_show_name(memory, sizeof memory, ring->path);
    for (;;) {
        sluice_ring_header header;
        struct stat shape;
        status = SLUICE_OK;
        ring->fd = sluice_above_stdio(open(ring->path, O_RDWR | O_CLOEXEC));
        if (ring->fd < 0) {
            status = SLUICE_RING_FAULT(ring, sluice_status_of_errno(errno), "cannot open ring %s: %s", shown,
                                       strerror(errno));
        } else if (fstat(ring->fd, &shape) != 0 || pread(ring->fd, &header, sizeof header, 0) != sizeof header ||
                   header.magic != SLUICE_RING_MAGIC) {
            status = SLUICE_RING_FAULT(ring, SLUICE_E_ABI, "%s is not a ring, or not ready yet", shown);
        } else {
            status = sluice_ring_check_header(ring, &header, (uint64_t)shape.st_size);
            if (status == SLUICE_OK) {
                status = sluice_ring_map(ring, header.data_offset, header.capacity);
            }
            if (status == SLUICE_OK) {
                ring->cells = header.cells == 0 ? NULL : (uint64_t *)(void *)((uint8_t *)ring->header + header.cells_offset);
                ring->self = sluice_self_identity();
                return SLUICE_OK;
            }
            sluice_ring_close(ring, 0);
            return status;
        }
        if (ring->fd >= 0) {
            (void)close(ring->fd);
            ring->fd = -1;
        }
        if (sluice_monotonic_ns() >= deadline || (status != SLUICE_E_ABI && status != SLUICE_E_NOT_FOUND)) {
            ring->path[0] = '\0';
            return status;
        }
        (void)nanosleep(&pause, NULL);
    }
}

/* Ends the stream: nothing can be put any more, the consumer gets END after the last packet. For the producing side;
 * producers must be closed or idle. */
SLUICE_INLINE void sluice_ring_seal(sluice_ring *ring)
{
    (void)sluice_fetch_or(&ring->header->head, SLUICE_RING_SEALED);
    uint64_t event_seen = 0;
    int32_t event_fd = -1;
    sluice_signal_consumer(ring->header, sluice_current_identity(&ring->self), &event_seen, &event_fd);
    if (event_fd >= 0) {
        (void)close(event_fd);
    }
    sluice_wake_producers(ring->header);
}

#endif
