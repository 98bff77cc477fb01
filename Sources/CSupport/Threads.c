/* Threads that wait from one parallel loop to the next: made when first needed, never ended. */
#include "CSupport.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

/* How long a thread looks before it sleeps: as far as the parallel loops of a training loop lie apart. To be woken takes as long. */
enum { PATIENCE_NS = 200000 };

/* A parallel loop that is on; lies on the stack of the thread that waits for it. */
typedef struct loop {
    const void *context;
    void (*work)(const void *context);
    /* How many more threads may join, and how many are at it. */
    size_t open;
    atomic_size_t busy;
    struct loop *next;
} loop;

/* All of it, and of every loop, changes under the lock; what is atomic is looked at without it too. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t begun, ended;
    size_t threads;
    atomic_size_t loops_begun;
    loop *loops;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .begun = PTHREAD_COND_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

/* Where threads outnumber processors, to look without end keeps others from their work. */
static int is_crowded(void) { return pool.threads >= (size_t)sysconf(_SC_NPROCESSORS_ONLN); }

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Looks until the count is another one, or for as long as patience lasts. */
static void look_while(const atomic_size_t *count, size_t seen) {
    int64_t begun = 0;
    for (unsigned n = 1; atomic_load_explicit(count, memory_order_relaxed) == seen; n++) {
        spinnprop_support_pause();
        if (n % 64 != 0) continue;
        int64_t now = nanoseconds();
        if (begun == 0) begun = now;
        if (now - begun > PATIENCE_NS) return;
    }
}

static void *wait_and_work(void *unused) {
    int has_looked = 0;
    (void)unused;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        loop *own = pool.loops;
        while (own != NULL && own->open == 0) own = own->next;
        if (own != NULL) {
            own->open--;
            own->busy++;
            pthread_mutex_unlock(&pool.lock);
            own->work(own->context);
            pthread_mutex_lock(&pool.lock);
            if (--own->busy == 0) pthread_cond_broadcast(&pool.ended);
            has_looked = 0;
        } else if (!has_looked && !is_crowded()) {
            size_t seen = pool.loops_begun;
            pthread_mutex_unlock(&pool.lock);
            look_while(&pool.loops_begun, seen);
            pthread_mutex_lock(&pool.lock);
            has_looked = 1;
        } else {
            pthread_cond_wait(&pool.begun, &pool.lock);
        }
    }
    return NULL;
}

/* Makes the threads that are missing, or as many of them as the system gives. */
static void make_threads(size_t wanted) {
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pool.threads >= wanted || pthread_attr_init(&attributes) != 0) return;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    /* Signals are the host's: its own threads take them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    while (pool.threads < wanted && pthread_create(&thread, &attributes, wait_and_work, NULL) == 0) pool.threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

static pid_t first_process;

__attribute__((constructor)) static void remember_process(void) { first_process = getpid(); }

void spinnprop_support_run_on_threads(size_t count, const void *context, void (*work)(const void *context)) {
    /* A forked child has none of the pool's threads. Nor could it use some: Swift's Mutex knows a thread by a number that a child
       still has from its parent; waiting for one traps there. */
    if (count <= 1 || getpid() != first_process) {
        work(context);
        return;
    }
    loop own = {.context = context, .work = work, .open = count - 1};
    pthread_mutex_lock(&pool.lock);
    make_threads(count - 1);
    own.next = pool.loops;
    pool.loops = &own;
    pool.loops_begun++;
    pthread_cond_broadcast(&pool.begun);
    pthread_mutex_unlock(&pool.lock);
    work(context);
    pthread_mutex_lock(&pool.lock);
    /* Nothing is left to begin: nobody need join any more. */
    own.open = 0;
    loop **place = &pool.loops;
    while (*place != &own) place = &(*place)->next;
    *place = own.next;
    if (own.busy > 0 && !is_crowded()) {
        size_t before = own.busy + 1;
        pthread_mutex_unlock(&pool.lock);
        /* As long as others come to their end. */
        for (size_t seen; (seen = own.busy) > 0 && seen < before; before = seen) look_while(&own.busy, seen);
        pthread_mutex_lock(&pool.lock);
    }
    while (own.busy > 0) pthread_cond_wait(&pool.ended, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}
