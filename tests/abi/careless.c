/* A host with a fault, for valgrind to find: undefined (it decides on bytes nobody set), beyond (puts what
 * lies behind its packet), lost (forgets memory). Exit 0 where nobody looks. */
#include "abi.h"

int main(int count, char **arguments)
{
    CHECK(count == 2);
    const char *fault = arguments[1];
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    char *packets = malloc(2 * sizeof(packet));
    CHECK(packets != NULL);
    memset(packets, 1, strcmp(fault, "undefined") == 0 ? sizeof(packet) : 2 * sizeof(packet));
    char *from = packets + sizeof(packet) + (strcmp(fault, "beyond") == 0);
    CHECK_OK(sluice_buffer_put(buffer, from, sizeof(packet)));
    if (from[3] == 77) {
        puts("this byte was never set to that");
    }
    if (strcmp(fault, "lost") != 0) {
        free(packets);
    }
    packets = from = NULL;
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
    return 0;
}
