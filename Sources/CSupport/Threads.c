/* Threads that wait from one parallel loop to the next: made when first needed, never ended. */
#define _GNU_SOURCE
#include "CSupport.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

enum {
    /* How long a thread looks for the next loop before it sleeps: as far as the loops of a training step lie apart. To be woken takes as
       long. */
    PATIENCE_NS = 200000,
    /* How long a loop's caller looks for the end of what others have begun. Then it leaves its processor, to which the system may move a
       thread that another process keeps from going on. */
    END_PATIENCE_NS = 50000,
    /* From one call of `poll` to the next. */
    POLL_NS = 10000000,
    /* To wake threads costs so much of itself, which is not held against them. */
    WAKING_NS = 20000,
    /* A loop that several threads have made slower is run by one for so many times what was lost, but not for longer than a second. */
    RESERVE = 64,
    RESERVE_NS = 1000000000,
    PLACES = 256
};

/* A parallel loop that is on; lies on the stack of the thread that waits for it. */
typedef struct loop {
    const void *context;
    void (*work)(const void *context);
    /* How many more threads may join, and how many are at it. */
    size_t open;
    atomic_size_t busy;
    /* Processor time that the others have spent on it. */
    int64_t helped;
    struct loop *next;
} loop;

/* All of it, and of every loop, changes under the lock; what is atomic is looked at without it too. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t begun, ended;
    size_t threads, asleep;
    atomic_size_t loops_begun;
    loop *loops;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .begun = PTHREAD_COND_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

/* Until when the loops of a place in the program are run by one thread. Two places that meet here share their luck. */
static _Atomic int64_t alone_until[PLACES];

/* Where threads outnumber processors, to look without end keeps others from their work. */
static int is_crowded(void) { return pool.threads >= spinnprop_support_processors(); }

static int64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Looks until the count is another one, or for so long. */
static void look_while(const atomic_size_t *count, size_t seen, int64_t limit) {
    int64_t begun = 0;
    for (unsigned n = 1; atomic_load_explicit(count, memory_order_relaxed) == seen; n++) {
        spinnprop_support_pause();
        if (n % 64 != 0) continue;
        int64_t now = nanoseconds(CLOCK_MONOTONIC);
        if (begun == 0) begun = now;
        if (now - begun > limit) return;
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
            int64_t begun = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
            own->work(own->context);
            int64_t spent = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - begun;
            pthread_mutex_lock(&pool.lock);
            own->helped += spent;
            if (--own->busy == 0) pthread_cond_broadcast(&pool.ended);
            has_looked = 0;
        } else if (!has_looked && !is_crowded()) {
            size_t seen = pool.loops_begun;
            pthread_mutex_unlock(&pool.lock);
            look_while(&pool.loops_begun, seen, PATIENCE_NS);
            pthread_mutex_lock(&pool.lock);
            has_looked = 1;
        } else {
            pool.asleep++;
            pthread_cond_wait(&pool.begun, &pool.lock);
            pool.asleep--;
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

/* Waits, under the lock, until nobody is at the loop any more. */
static void wait_for_end(loop *own, const void *context, void (*poll)(const void *context)) {
    if (own->busy > 0 && !is_crowded()) {
        size_t before = own->busy + 1;
        pthread_mutex_unlock(&pool.lock);
        /* As long as others come to their end. */
        for (size_t seen; (seen = own->busy) > 0 && seen < before; before = seen) {
            look_while(&own->busy, seen, END_PATIENCE_NS);
        }
        pthread_mutex_lock(&pool.lock);
    }
    while (own->busy > 0) {
        if (poll == NULL) {
            pthread_cond_wait(&pool.ended, &pool.lock);
            continue;
        }
        int64_t then = nanoseconds(CLOCK_MONOTONIC) + POLL_NS;
        struct timespec wake = {.tv_sec = then / 1000000000, .tv_nsec = then % 1000000000};
        pthread_cond_clockwait(&pool.ended, &pool.lock, CLOCK_MONOTONIC, &wake);
        pthread_mutex_unlock(&pool.lock);
        poll(context);
        pthread_mutex_lock(&pool.lock);
    }
}

static pid_t first_process;

__attribute__((constructor)) static void remember_process(void) { first_process = getpid(); }

void spinnprop_support_run_on_threads(
    size_t count, size_t place, const void *context, void (*work)(const void *context), void (*poll)(const void *context)) {
    _Atomic int64_t *until = &alone_until[place % PLACES];
    int64_t begun = nanoseconds(CLOCK_MONOTONIC);
    /* A forked child has none of the pool's threads. Nor could it use some: Swift's Mutex knows a thread by a number that a child
       still has from its parent; waiting for one traps there. */
    if (count <= 1 || begun < *until || getpid() != first_process) {
        work(context);
        return;
    }
    loop own = {.context = context, .work = work, .open = count - 1};
    pthread_mutex_lock(&pool.lock);
    make_threads(count - 1);
    int wakes = pool.asleep > 0;
    own.next = pool.loops;
    pool.loops = &own;
    pool.loops_begun++;
    pthread_cond_broadcast(&pool.begun);
    pthread_mutex_unlock(&pool.lock);
    int64_t spent = -nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    work(context);
    spent += nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    pthread_mutex_lock(&pool.lock);
    /* Nothing is left to begin: nobody need join any more. */
    own.open = 0;
    loop **place_in_list = &pool.loops;
    while (*place_in_list != &own) place_in_list = &(*place_in_list)->next;
    *place_in_list = own.next;
    wait_for_end(&own, context, poll);
    pthread_mutex_unlock(&pool.lock);
    /* One thread alone would have taken as long as all have worked. More went by where the loop is too short, or where another process
       keeps a processor busy and a thread that has begun a part cannot go on. */
    int64_t now = nanoseconds(CLOCK_MONOTONIC);
    int64_t lost = now - begun - spent - own.helped - (wakes ? WAKING_NS : 0);
    if (lost > 0) *until = now + (lost < RESERVE_NS / RESERVE ? lost * RESERVE : RESERVE_NS);
}
