/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/name.h - the life of a ring's name: made whole, found, and taken away.
 *
 * A ring is finished before it gets its name, by a link that fails if the name is taken: half-made rings do not exist, and
 * nothing is ever overwritten. A name is taken away only while it means the very object (device and inode) that the caller
 * has open. Paths are bytes, and made absolute when they are given.
 */
#ifndef SLUICE_RING_NAME_H
#define SLUICE_RING_NAME_H

#include "geometry.h"

#include <stdlib.h>
#include <sys/syscall.h>

#define SLUICE_RING_NAME_MOST 200u /* bytes of a name */
#define SLUICE_RING_PATH_MOST 4095u /* bytes of a path, made absolute */

static inline void sluice_ring_forget_place(sluice_ring *ring)
{
    free(ring->long_path);
    ring->long_path = NULL;
    ring->path[0] = '\0';
}

/* Notes a place: the whole, or, where it is too long for `path`, the end of it there. */
static inline int32_t sluice_ring_set_place(sluice_ring *ring, const char *place)
{
    size_t length = strlen(place);
    if (length < sizeof ring->path) {
        memcpy(ring->path, place, length + 1);
        return SLUICE_OK;
    }
    ring->long_path = strdup(place);
    const char *end = place + length - (sizeof ring->path - 4);
    while (((uint8_t)*end & 0xc0) == 0x80) {
        end++; /* not within a character */
    }
    (void)snprintf(ring->path, sizeof ring->path, "...%s", end);
    return ring->long_path != NULL ? SLUICE_OK : sluice_ring_fault(ring, SLUICE_E_MEMORY, "no memory for a path");
}

/* Finds the place of a name, /dev/shm/sluice.NAME, or of a file. */
static inline int32_t sluice_ring_find_place(sluice_ring *ring, const char *name, const char *file)
{
    char place[SLUICE_RING_PATH_MOST + 2], shown[SLUICE_SHOWN_BYTES];
    if (name != NULL) {
        size_t length = strlen(name);
        if (length == 0 || length > SLUICE_RING_NAME_MOST || strchr(name, '/') != NULL || strcmp(name, ".") == 0 ||
            strcmp(name, "..") == 0) {
            return sluice_ring_fault(ring, SLUICE_E_INVALID,
                                     "ring name '%s' has %zu byte%s, it must be 1 to %u bytes without '/', and not '.' or '..'",
                                     sluice_show_name(shown, sizeof shown, name), length, length == 1 ? "" : "s",
                                     SLUICE_RING_NAME_MOST);
        }
        (void)snprintf(place, sizeof place, "/dev/shm/sluice.%s", name);
        return sluice_ring_set_place(ring, place);
    }
    size_t length = strlen(file), before = 0;
    if (length == 0) {
        return sluice_ring_fault(ring, SLUICE_E_INVALID, "the file of a ring has an empty name");
    }
    if (file[0] != '/') {
        if (getcwd(place, sizeof place - 1) == NULL) {
            return sluice_ring_fault(ring, SLUICE_E_IO, "the working directory of '%s' cannot be found: %s",
                                     sluice_show_name(shown, sizeof shown, file), strerror(errno));
        }
        before = strlen(place);
        if (place[before - 1] != '/') {
            place[before++] = '/';
        }
    }
    if (before + length > SLUICE_RING_PATH_MOST) {
        return sluice_ring_fault(ring, SLUICE_E_INVALID, "the path of '%s' has %zu bytes, at most %u are possible",
                                 sluice_show_name(shown, sizeof shown, file), before + length, SLUICE_RING_PATH_MOST);
    }
    memcpy(place + before, file, length + 1);
    return sluice_ring_set_place(ring, place);
}

/* The directory that `place` lies in. */
static inline void sluice_folder_of(const char *place, char folder[SLUICE_RING_PATH_MOST + 2])
{
    size_t length = (size_t)(strrchr(place, '/') - place);
    length = length == 0 ? 1 : length; /* the root directory is its slash */
    memcpy(folder, place, length);
    folder[length] = '\0';
}

/* What a ring that is made has until it is finished: no name at all where the file system can do that, else one of its own
 * in the same directory, written to `spare`. */
static inline int sluice_open_unnamed(const char *place, mode_t mode, char spare[SLUICE_RING_PATH_MOST + 2])
{
    static uint32_t made;
    enum { TMPFILE = 020000000 }; /* O_TMPFILE without O_DIRECTORY, which needs _GNU_SOURCE */
    sluice_folder_of(place, spare);
    int fd = -1;
    if (access("/proc/self/fd", F_OK) == 0) { /* through which it gets its name */
        do {
            fd = sluice_above_stdio(open(spare, TMPFILE | O_DIRECTORY | O_RDWR | O_CLOEXEC, mode));
        } while (fd < 0 && errno == EINTR);
    }
    spare[0] = '\0';
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)) {
        return fd;
    }
    size_t length = strlen(place);
    length = length > SLUICE_RING_PATH_MOST - 32 ? SLUICE_RING_PATH_MOST - 32 : length;
    for (int attempt = 0; attempt < 100; attempt++) {
        memcpy(spare, place, length);
        (void)snprintf(spare + length, 33, ".%u.%u.new", (unsigned)getpid(),
                       __atomic_fetch_add(&made, 1u, __ATOMIC_RELAXED));
        fd = sluice_above_stdio(open(spare, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
        if (fd >= 0 || (errno != EEXIST && errno != EINTR)) {
            return fd;
        }
    }
    return -1;
}

/* Gives a finished ring its name. 0; -1 and errno: EEXIST when the name is taken. */
static inline int sluice_link_place(int fd, const char *spare, const char *place)
{
    char self[40];
    if (spare[0] == '\0') {
        (void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        return linkat(AT_FDCWD, self, AT_FDCWD, place, AT_SYMLINK_FOLLOW);
    }
    if (link(spare, place) == 0) {
        (void)unlink(spare);
        return 0;
    }
    if (errno == EEXIST) {
        return -1;
    }
#ifdef SYS_renameat2
    return (int)syscall(SYS_renameat2, AT_FDCWD, spare, AT_FDCWD, place, 1u); /* RENAME_NOREPLACE; a file system without links */
#else
    return -1;
#endif
}

/* Whether the ring's place still means the ring. */
static inline int sluice_ring_has_place(const sluice_ring *ring)
{
    struct stat here, there;
    return ring->path[0] != '\0' && fstat(ring->fd, &here) == 0 && lstat(sluice_ring_place(ring), &there) == 0 &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

#endif
