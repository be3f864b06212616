/* struct_layout.c - prints `struct.field offset size` for every struct that crosses sluice.h, and compares it with the golden
 * named on the command line. `struct_layout FILE --update` writes the golden. */
#include <sluice/sluice.h>

#include "golden.h"

int main(int count, char **arguments)
{
    CHECK(count >= 2);
    FILE *out = tmpfile();
    CHECK(out != NULL);
#define FIELD(type, field) GOLDEN_FIELD(out, type, field)
#define SIZE(type) GOLDEN_SIZE(out, type)
#include "Generated/struct_fields.h"
    return golden_compare(out, arguments[1], count > 2, 60);
}
