/*
 * heap.c - the runtime's reservations of memory, which come here instead of to mmap64 (Native.targets).
 *
 * The collector reserves its tables in one piece, whose length is no whole number of pages, and commits them as the heap grows,
 * in whole pages rounded down. The last entries, those of the end of the heap, are then never committed, and an allocation
 * there, of a host that has filled the heap, ends the process. So the page in which such a piece ends is committed at once.
 */
#include "host.h"

#include <sys/mman.h>
#include <unistd.h>

void *sluice_host_map(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    void *memory = mmap(address, length, protection, flags, fd, offset);
    size_t page = (size_t)sysconf(_SC_PAGESIZE), rest = length % page;
    if (memory != MAP_FAILED && protection == PROT_NONE && rest != 0) {
        (void)mprotect((char *)memory + (length - rest), page, PROT_READ | PROT_WRITE);
    }
    return memory;
}
