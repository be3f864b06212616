/* The library names its version and image, counts the bytes it has to say, and a forked child says that it is one. */
#include <sluice/sluice.h>

#include "check.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void text_is_whole_when_there_is_room(void)
{
    char text[256];
    size_t length = 0;
    CHECK(sluice_build_info(text, sizeof text, &length) == 0);
    CHECK(length == strlen(text));
    CHECK(strncmp(text, "sluice " SLUICE_TEST_VERSION " (abi 1; image ", 27) == 0);
    CHECK(strstr(text, "; native-aot)") != NULL);
    printf("%s\n", text);
}

static void text_is_cut_and_ended_when_there_is_not(void)
{
    char text[8] = "xxxxxxx";
    size_t length = 0;
    CHECK(sluice_build_info(text, 7, &length) == 0);
    CHECK(strcmp(text, "sluice") == 0);
    CHECK(text[7] == '\0');
    CHECK(length > 40);
    CHECK(sluice_build_info(NULL, 0, &length) == 0);
    CHECK(sluice_build_info(text, 0, NULL) == 0);
}

/* The library answers "forked" from its C part through a managed export. */
static void a_forked_child_says_so(void)
{
    int status = -1;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        char text[256];
        int ok = sluice_build_info(text, sizeof text, NULL) == 0 && strstr(text, "; forked)") != NULL;
        _exit(ok ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    char text[256];
    CHECK(sluice_build_info(text, sizeof text, NULL) == 0);
    CHECK(strstr(text, "forked") == NULL);
}

/* A child of a process that has not used the library yet starts an engine of its own. */
static void a_child_forked_before_the_first_call_is_free(void)
{
    int status = -1;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        char text[256];
        int ok = sluice_build_info(text, sizeof text, NULL) == 0 && strstr(text, "forked") == NULL;
        _exit(ok ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    a_child_forked_before_the_first_call_is_free();
    CHECK(sluice_abi_version() == SLUICE_ABI_VERSION);
    text_is_whole_when_there_is_room();
    text_is_cut_and_ended_when_there_is_not();
    a_forked_child_says_so();
    return 0;
}
