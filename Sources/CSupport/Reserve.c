/* Address space set aside, so that a call that runs out of memory ends with an error instead of ending the process. */
#include "CSupport.h"

#if defined(SPINNPROP_DIST)

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* More than a call allocates from one look at the reserve to the next, blocks that are checked by themselves left aside. */
enum { SLICE_BYTES = 1 << 20, SLICES = 32 };

/* Never touched, so no memory stands behind it; but it counts under every limit (RLIMIT_AS, RLIMIT_DATA, strict overcommit). Atomic,
   not locked: a forked child has its parent's slices and needs no lock that another thread may have held. */
static _Atomic(void *) slices[SLICES];
static atomic_int missing = SLICES;

static void *map_slice(void) {
    void *slice = mmap(NULL, SLICE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return slice == MAP_FAILED ? NULL : slice;
}

/* Takes what is missing; returns whether all is there. */
static int take_slices(void) {
    for (int n = 0; n < SLICES; n++) {
        if (slices[n] != NULL) continue;
        void *slice = map_slice(), *empty = NULL;
        if (slice == NULL) return 0;
        if (atomic_compare_exchange_strong(&slices[n], &empty, slice)) {
            missing--;
        } else {
            munmap(slice, SLICE_BYTES);
        }
    }
    return 1;
}

/* Gives so many bytes and a slice more to the system; returns whether there were any left to give. */
static int give_slices(size_t bytes) {
    size_t given = 0;
    for (int n = 0; n < SLICES && given < bytes + SLICE_BYTES; n++) {
        void *slice = atomic_exchange(&slices[n], NULL);
        if (slice == NULL) continue;
        missing++;
        munmap(slice, SLICE_BYTES);
        given += SLICE_BYTES;
    }
    return given > 0;
}

__attribute__((constructor)) static void take_reserve(void) { take_slices(); }

int spinnprop_support_is_memory_short(void) {
    if (atomic_load_explicit(&missing, memory_order_relaxed) == 0 || take_slices()) return 0;
    /* What calls have freed may still be kept, or lie in malloc's lists. */
    spinnprop_support_give_kept();
    malloc_trim(0);
    return !take_slices();
}

/* The linker has every reference in this library, the Swift runtime's included, end here (--wrap): Swift ends the process when it is
   given no memory. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
int __real_posix_memalign(void **block, size_t alignment, size_t size);

void *__wrap_malloc(size_t size) {
    void *block;
    while ((block = __real_malloc(size)) == NULL && give_slices(size)) {}
    return block;
}

void *__wrap_calloc(size_t count, size_t size) {
    void *block;
    while ((block = __real_calloc(count, size)) == NULL && give_slices(count * size)) {}
    return block;
}

void *__wrap_realloc(void *old, size_t size) {
    void *block;
    while ((block = __real_realloc(old, size)) == NULL && size > 0 && give_slices(size)) {}
    return block;
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size) {
    int status;
    while ((status = __real_posix_memalign(block, alignment, size)) == ENOMEM && give_slices(size)) {}
    return status;
}

char *__wrap_strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = __wrap_malloc(size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

/* C++'s new and new(align), whose delete is free: the runtime's own tables. Without memory they would throw, which nobody catches. */
void *__wrap__Znwm(size_t size) {
    void *block = __wrap_malloc(size);
    if (block == NULL) abort();
    return block;
}

void *__wrap__ZnwmSt11align_val_t(size_t size, size_t alignment) {
    void *block;
    if (__wrap_posix_memalign(&block, alignment, size) != 0) abort();
    return block;
}

void *spinnprop_support_malloc(size_t size) { return __real_malloc(size); }

#else

#include <stdlib.h>

int spinnprop_support_is_memory_short(void) { return 0; }

void *spinnprop_support_malloc(size_t size) { return malloc(size); }

#endif
