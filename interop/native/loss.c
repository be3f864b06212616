/*
 * loss.c - who is told of packets that were stored in a buffer and are gone with its end. Setting it starts no runtime: nothing
 * is lost before that runs.
 */
#pragma GCC visibility push(default)
#include <sluice/sluice.h>
#pragma GCC visibility pop

#include "host.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sluice_loss_fn told;
static void *told_user;

/* A child of fork() has none of the threads that may have held it. */
static void free_in_child(void)
{
    (void)pthread_mutex_init(&mutex, NULL);
}

__attribute__((constructor)) static void register_child(void)
{
    (void)pthread_atfork(NULL, NULL, free_in_child);
}

int32_t sluice_on_loss(sluice_loss_fn hook, void *user)
{
    (void)pthread_mutex_lock(&mutex);
    told = hook;
    told_user = user;
    (void)pthread_mutex_unlock(&mutex);
    return SLUICE_OK;
}

int32_t sluice_host_tell_loss(const sluice_loss *loss)
{
    (void)pthread_mutex_lock(&mutex);
    sluice_loss_fn hook = told;
    void *user = told_user;
    (void)pthread_mutex_unlock(&mutex);
    if (hook != NULL) {
        hook(user, loss);
    }
    return hook != NULL;
}
