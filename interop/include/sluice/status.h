/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/status.h - the one list of results.
 *
 * Every call returns an int32_t: 0 is done, positive is "not now" (nothing is wrong, nothing changed) or a
 * remark on what was done (DROPPED, LOST), negative is a fault. The text of a fault is in the handle (ring.h)
 * or in the thread's last error (sluice.h). Numbers never change meaning; new ones are added at the ends.
 */
#ifndef SLUICE_STATUS_H
#define SLUICE_STATUS_H

#include <stdint.h>

/* X(name, number, what it tells a user) */
#define SLUICE_STATUS_LIST(X)                                                                                \
    X(OK, 0, "done")                                                                                         \
    X(WOULD_BLOCK, 1, "no room or no data now")                                                              \
    X(TIMEOUT, 2, "the time given was over")                                                                 \
    X(END, 3, "the stream is finished and everything in it was taken")                                       \
    X(DROPPED, 4, "the packet was dropped by the full policy and counted")                                   \
    X(LOST, 5, "done, and packets that were stored and that nothing took are gone; they are counted")        \
    X(E_INVALID, -1, "an argument is outside its range")                                                     \
    X(E_HANDLE, -2, "the handle is null, stale or of another kind")                                          \
    X(E_STATE, -3, "the object is not in a state that allows this")                                          \
    X(E_MEMORY, -4, "there is not so much memory")                                                           \
    X(E_IO, -5, "a read, write or mapping failed")                                                           \
    X(E_EXISTS, -6, "the name or file exists already")                                                       \
    X(E_NOT_FOUND, -7, "the name or file does not exist")                                                    \
    X(E_PERMISSION, -8, "the operating system refused access")                                               \
    X(E_SIZE, -9, "the packet or buffer has the wrong size")                                                 \
    X(E_LAYOUT, -10, "the layout description is wrong")                                                      \
    X(E_CONSTANT, -11, "a constant field of the packet has another value")                                   \
    X(E_BUSY, -12, "another live owner holds this end")                                                      \
    X(E_ABI, -13, "a struct, ring or file is not one of this version")                              \
    X(E_FORKED, -14, "the engine does not run in a forked child")                                            \
    X(E_CALLBACK, -15, "a function of the host reported a failure")                                          \
    X(E_UNAVAILABLE, -16, "this machine or build does not offer that")                                       \
    X(E_INTERNAL, -17, "an invariant of the engine was violated")                                            \
    X(E_SHUTDOWN, -18, "the engine was shut down")                                                           \
    X(E_CORRUPT, -19, "shared memory or a file contradicts itself")                                          \
    X(E_ENDED, -20, "the ring was taken away, and nobody takes from it any more; attach to the one of its name, if it is made anew")

#define SLUICE_STATUS_ENUMERATOR(name, number, text) SLUICE_##name = number,
enum sluice_status { SLUICE_STATUS_LIST(SLUICE_STATUS_ENUMERATOR) };
#undef SLUICE_STATUS_ENUMERATOR

/* A result that must not be ignored. */
#if defined(__GNUC__)
#define SLUICE_CHECKED __attribute__((warn_unused_result))
#else
#define SLUICE_CHECKED
#endif

#endif
