#include "CSupport.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Thread_local char error_text[1024];

void spinnprop_support_set_error(const char *text, size_t length) {
    if (length >= sizeof error_text) length = sizeof error_text - 1;
    /* Never cut a UTF-8 character in two. */
    if (length == sizeof error_text - 1)
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    memcpy(error_text, text, length);
    error_text[length] = '\0';
}

const char *spinnprop_support_error(void) { return error_text; }

int spinnprop_support_has_v3(void) {
#if defined(__x86_64__)
    const char *wish = getenv("SPINNPROP_CPU");
    if (wish != NULL && strcmp(wish, "baseline") == 0) return 0;
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
#else
    return 0;
#endif
}

typedef struct {
    const void *context;
    void (*work)(const void *context);
} job;

static void *run(void *argument) {
    const job *own = argument;
    own->work(own->context);
    return NULL;
}

static pid_t first_process;

__attribute__((constructor)) static void remember_process(void) { first_process = getpid(); }

void spinnprop_support_run_on_threads(size_t count, const void *context, void (*work)(const void *context)) {
    job shared = {context, work};
    /* Swift's Mutex knows a thread by a number that a forked child still has from its parent; waiting for one traps there. */
    size_t started = 0, wanted = count > 0 && getpid() == first_process ? count - 1 : 0;
    pthread_t *threads = wanted > 0 ? calloc(wanted, sizeof *threads) : NULL;
    if (threads != NULL) {
        /* Signals are the host's: its own threads take them. */
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        while (started < wanted && pthread_create(&threads[started], NULL, run, &shared) == 0) started++;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    work(context);
    while (started > 0) pthread_join(threads[--started], NULL);
    free(threads);
}
