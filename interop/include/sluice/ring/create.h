/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/create.h - making a ring: its memory is reserved, mapped and furnished before it gets its name.
 *
 * Threading: one thread at a time per sluice_ring.
 */
#ifndef SLUICE_RING_CREATE_H
#define SLUICE_RING_CREATE_H

#include "limit.h"
#include "mapping.h"

#define SLUICE_RING_WANT_HUGE_PAGES 8u /* anonymous rings: 2 MiB pages if the system has any free, else normal ones */
#define SLUICE_RING_WANT_LOCKED 16u    /* mlock: E_PERMISSION when the limit does not allow it */
#define SLUICE_RING_WANT_CHECKSUMS 32u /* damaged packets are found and not delivered: checksum.h. Version 0.1 cannot attach */
#define SLUICE_RING_WANT_GROUP 64u     /* named, file-backed: the group of the file may attach */
#define SLUICE_RING_WANT_EVERYBODY 128u /* named, file-backed: everybody may attach */

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

/* Anonymous memory, in huge pages where they are asked for and there are enough. */
static inline int32_t sluice_ring_open_anonymous(sluice_ring *ring, const sluice_ring_options *options,
                                                 sluice_ring_plan *plan)
{
    if (options->flags & SLUICE_RING_WANT_HUGE_PAGES) {
        sluice_ring_plan huge = *plan;
        huge.page = UINT64_C(2) << 20;
        huge.capacity = plan->capacity < huge.page ? huge.page : plan->capacity;
        sluice_ring_lay_out(&huge, options->shape, options->producers, options->stride, options->flags, 1);
        ring->fd = sluice_above_stdio((int)syscall(SYS_memfd_create, "sluice", 1u | 4u)); /* MFD_CLOEXEC | MFD_HUGETLB */
        sluice_held_limit held;
        sluice_hold_limit(&held);
        int enough = ring->fd >= 0 && ftruncate(ring->fd, (off_t)huge.bytes) == 0 &&
                     posix_fallocate(ring->fd, 0, (off_t)huge.bytes) == 0;
        sluice_let_limit(&held);
        if (enough) {
            *plan = huge;
            return SLUICE_OK;
        }
        if (ring->fd >= 0) {
            (void)close(ring->fd); /* there are none, or too few of them */
        }
    }
    ring->fd = sluice_above_stdio((int)syscall(SYS_memfd_create, "sluice", 1u));
    return ring->fd >= 0 ? SLUICE_OK
                         : sluice_ring_fault(ring, sluice_status_of_errno(errno), "memfd_create failed: %s%s",
                                             strerror(errno), sluice_errno_advice(errno));
}

static inline int32_t sluice_ring_exists(sluice_ring *ring)
{
    char shown[SLUICE_SHOWN_BYTES];
    return sluice_ring_fault(ring, SLUICE_E_EXISTS,
                             "cannot create ring %s: it exists; attach to it, or, if nobody needs it, remove it",
                             sluice_show_place(ring, shown));
}

static inline mode_t sluice_ring_mode(const sluice_ring_options *options)
{
    return options->flags & SLUICE_RING_WANT_EVERYBODY ? 0666 : options->flags & SLUICE_RING_WANT_GROUP ? 0660 : 0600;
}

static inline int32_t sluice_ring_open_place(sluice_ring *ring, const sluice_ring_options *options,
                                             char spare[SLUICE_RING_PATH_MOST + 2])
{
    char shown[SLUICE_SHOWN_BYTES];
    struct stat status;
    int32_t found = sluice_ring_find_place(ring, options->name, options->file);
    if (found != SLUICE_OK) {
        return found;
    }
    if (lstat(sluice_ring_place(ring), &status) == 0) {
        return sluice_ring_exists(ring); /* before its space is reserved for nothing; the link decides */
    }
    ring->fd = sluice_open_unnamed(sluice_ring_place(ring), sluice_ring_mode(options), spare);
    if (ring->fd < 0) {
        int code = errno;
        const char *advice = code == ENOENT                  ? "; make its directory first"
                             : code == EACCES || code == EPERM ? "; let this user write in its directory, or choose another one"
                                                               : sluice_errno_advice(code);
        return sluice_ring_fault(ring, sluice_status_of_errno(code), "cannot create ring %s: %s%s",
                                 sluice_show_place(ring, shown), strerror(code), advice);
    }
    (void)fchmod(ring->fd, sluice_ring_mode(options)); /* whatever the umask says */
    return SLUICE_OK;
}

#define SLUICE_RING_WANT_KNOWN                                                                                       \
    (SLUICE_RING_WANT_HUGE_PAGES | SLUICE_RING_WANT_LOCKED | SLUICE_RING_WANT_CHECKSUMS | SLUICE_RING_WANT_GROUP |     \
     SLUICE_RING_WANT_EVERYBODY)

/* Refuses what cannot be a ring; names the value and its limit. */
static inline int32_t sluice_ring_check_options(sluice_ring *ring, const sluice_ring_options *options)
{
    if (options->struct_size < sizeof *options) {
        return sluice_ring_fault(ring, SLUICE_E_ABI, "struct_size is %u: set it to sizeof(sluice_ring_options), %u here",
                                 options->struct_size, (unsigned)sizeof *options);
    }
    if (options->capacity == 0 || options->capacity > SLUICE_RING_LARGEST) {
        return sluice_ring_fault(ring, SLUICE_E_INVALID, "capacity is %llu bytes, it must be 1 to %llu",
                                 (unsigned long long)options->capacity, (unsigned long long)SLUICE_RING_LARGEST);
    }
    if (options->shape > SLUICE_FRAMED || options->producers > SLUICE_MANY_PRODUCERS ||
        options->full_policy > SLUICE_GROW) {
        return sluice_ring_fault(ring, SLUICE_E_INVALID, "shape %u, producers %u or full_policy %u is not known",
                                 options->shape, options->producers, options->full_policy);
    }
    if (options->full_policy == SLUICE_GROW) {
        return sluice_ring_fault(ring, SLUICE_E_INVALID,
                                 "full_policy is %u, at most %u here: a ring has one size, only a FIFO of sluice.h grows",
                                 options->full_policy, (unsigned)SLUICE_DROP_OLDEST);
    }
    if ((options->flags & ~SLUICE_RING_WANT_KNOWN) != 0) {
        return sluice_ring_fault(ring, SLUICE_E_INVALID,
                                 "flags is %u, only 8 (huge pages), 16 (locked), 32 (checksums), 64 (group) and 128 "
                                 "(everybody) are known",
                                 options->flags);
    }
    if (options->shape == SLUICE_FIXED && (options->stride == 0 || options->stride > options->capacity)) {
        return sluice_ring_fault(ring, SLUICE_E_INVALID, "stride is %u bytes, it must be 1 to the capacity of %llu",
                                 options->stride, (unsigned long long)options->capacity);
    }
    if (options->name != NULL && options->file != NULL) {
        return sluice_ring_fault(ring, SLUICE_E_INVALID, "give a name or a file or neither, not both");
    }
    if (options->layout_text != NULL && strlen(options->layout_text) >= sizeof ring->header->layout_text) {
        return sluice_ring_fault(ring, SLUICE_E_SIZE, "layout_text has %zu bytes, at most %zu fit",
                                 strlen(options->layout_text), sizeof ring->header->layout_text - 1);
    }
    return SLUICE_OK;
}

/* Gives the memory its size; space of names and files is taken now. */
static inline int32_t sluice_ring_reserve(sluice_ring *ring, const sluice_ring_plan *plan)
{
    char shown[SLUICE_SHOWN_BYTES];
    int code;
    sluice_held_limit held;
    sluice_hold_limit(&held);
    do {
        code = ftruncate(ring->fd, (off_t)plan->bytes) != 0 ? errno : 0;
    } while (code == EINTR);
    while (code == 0 && ring->path[0] != '\0' && (code = posix_fallocate(ring->fd, 0, (off_t)plan->bytes)) != 0) {
        if (code != EINTR) {
            break;
        }
        code = 0;
    }
    sluice_let_limit(&held);
    return code == 0 ? SLUICE_OK
                     : sluice_ring_fault(ring, sluice_status_of_errno(code), "no space for a ring of %llu bytes in %s: %s%s",
                                         (unsigned long long)plan->bytes,
                                         ring->path[0] != '\0' ? sluice_show_place(ring, shown) : "memory", strerror(code),
                                         sluice_errno_advice(code));
}

static inline void sluice_ring_write_header(sluice_ring *ring, const sluice_ring_options *options,
                                            const sluice_ring_plan *plan)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    sluice_ring_header *header = ring->header;
    header->abi = options->flags & SLUICE_RING_WANT_CHECKSUMS ? SLUICE_RING_ABI_CHECKSUMS : SLUICE_RING_ABI;
    header->header_bytes = SLUICE_RING_HEADER_BYTES;
    header->data_offset = plan->data_offset;
    header->capacity = plan->capacity;
    header->shape = options->shape;
    header->stride = options->shape == SLUICE_FIXED ? options->stride : 0;
    header->producers = options->producers;
    header->full_policy = options->full_policy;
    header->flags = options->flags & (SLUICE_RING_LOCKED | SLUICE_RING_CHECKSUMS | SLUICE_RING_GROUP | SLUICE_RING_EVERYBODY);
    header->flags |= sluice_fence_register() * (uint32_t)SLUICE_RING_ASYMMETRIC;
    header->flags |= (uint32_t)(options->name != NULL) * (uint32_t)SLUICE_RING_NAMED;
    header->flags |= (uint32_t)(options->file != NULL) * (uint32_t)SLUICE_RING_FILE;
    header->flags |= (uint32_t)(plan->page > 65536) * (uint32_t)SLUICE_RING_HUGE_PAGES;
    header->cells = plan->cells / 8;
    header->cells_offset = plan->cells == 0 ? 0 : SLUICE_RING_HEADER_BYTES;
    header->lanes_offset = plan->lanes_offset;
    header->segment_bytes = plan->bytes;
    header->block_timeout_ns = options->block_timeout_ns;
    header->pid_namespace = sluice_pid_namespace();
    header->created_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    header->check_mask = options->check_mask;
    header->check_value = options->check_value;
    header->wake_at = SLUICE_RING_NEVER;
    header->asked_at = SLUICE_RING_NEVER;
    header->event_fd = -1;
    header->creator = ring->self;
    if (options->layout_text != NULL) {
        header->layout_bytes = (uint32_t)strlen(options->layout_text);
        memcpy(header->layout_text, options->layout_text, header->layout_bytes);
    }
    sluice_ring_keep(ring, plan, header);
    sluice_store_release(&header->magic, SLUICE_RING_MAGIC);
}

/* Maps what was opened and makes a ring of it. */
static inline int32_t sluice_ring_furnish(sluice_ring *ring, const sluice_ring_options *options,
                                          const sluice_ring_plan *plan)
{
    int32_t status = sluice_ring_reserve(ring, plan);
    if (status == SLUICE_OK) {
        status = sluice_ring_map(ring, plan->data_offset, plan->capacity);
    }
    if (status == SLUICE_OK && options->flags & SLUICE_RING_WANT_LOCKED &&
        mlock(ring->header, ring->mapped_bytes) != 0) {
        status = sluice_ring_fault(ring, SLUICE_E_PERMISSION,
                                   "mlock of %llu bytes failed: %s; raise the limit of locked memory (ulimit -l), or leave it "
                                   "unlocked",
                                   (unsigned long long)ring->mapped_bytes, strerror(errno));
    }
    if (status == SLUICE_OK) {
        ring->self = sluice_self_identity();
        ring->opener = (uint32_t)(ring->self >> 32);
        ring->owns_name = ring->path[0] != '\0';
        sluice_ring_write_header(ring, options, plan);
    }
    return status;
}

/* Makes a ring. E_EXISTS when the name or file is taken: nothing is overwritten. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_ring_create(sluice_ring *ring, const sluice_ring_options *options)
{
    char shown[SLUICE_SHOWN_BYTES];
    char spare[SLUICE_RING_PATH_MOST + 2] = "";
    memset(ring, 0, sizeof *ring);
    ring->fd = -1;
    int32_t status = sluice_ring_check_options(ring, options);
    if (status != SLUICE_OK) {
        return status;
    }
    sluice_ring_plan plan = {(uint64_t)sysconf(_SC_PAGESIZE), 0, 0, 0, 0, 0, 0, 0};
    for (plan.capacity = plan.page; plan.capacity < options->capacity;) {
        plan.capacity *= 2;
    }
    sluice_ring_lay_out(&plan, options->shape, options->producers, options->stride, options->flags, 1);
    status = options->name != NULL || options->file != NULL ? sluice_ring_open_place(ring, options, spare)
                                                            : sluice_ring_open_anonymous(ring, options, &plan);
    if (status == SLUICE_OK) {
        status = sluice_ring_furnish(ring, options, &plan);
    }
    if (status == SLUICE_OK && ring->path[0] != '\0' && sluice_link_place(ring->fd, spare, sluice_ring_place(ring)) != 0) {
        int code = errno;
        status = code == EEXIST ? sluice_ring_exists(ring)
                                : sluice_ring_fault(ring, sluice_status_of_errno(code), "cannot name ring %s: %s",
                                                    sluice_show_place(ring, shown), strerror(code));
    }
    if (status != SLUICE_OK) {
        if (spare[0] != '\0') {
            (void)unlink(spare);
        }
        sluice_ring_close(ring, 0);
        return status;
    }
    ring->flags |= (ring->path[0] != '\0') * (uint32_t)SLUICE_RING_LINKED;
    return SLUICE_OK;
}

#endif
