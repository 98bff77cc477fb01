/* Large blocks that were freed last, kept for whoever wants as much again: from a call to the next the system would take their pages away and
 * set others to zero, which takes as long as what is done with them. */
#include "CSupport.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { PLACES = 64, SMALLEST = 1 << 16, LARGEST_SUM = 64 << 20 };

typedef struct {
    void *memory;
    size_t size;
} block;

/* From the one freed first to the one freed last. */
static block kept[PLACES];
static size_t count, sum;
/* Nobody waits for it: a forked child may have it from a thread that is not there, and does without. */
static atomic_flag is_taken = ATOMIC_FLAG_INIT;

static int take(void) { return !atomic_flag_test_and_set_explicit(&is_taken, memory_order_acquire); }

static void leave(void) { atomic_flag_clear_explicit(&is_taken, memory_order_release); }

static block removed(size_t place) {
    block own = kept[place];
    count--;
    sum -= own.size;
    for (size_t n = place; n < count; n++) kept[n] = kept[n + 1];
    return own;
}

void spinnprop_support_give_kept(void) {
    if (!take()) return;
    while (count > 0) free(removed(count - 1).memory);
    leave();
}

void *spinnprop_support_allocate(size_t size) {
    if (size >= SMALLEST && take()) {
        /* The last that fits and is not much larger: it may still be in a cache. */
        size_t place = count;
        while (place > 0 && (kept[place - 1].size < size || kept[place - 1].size - size > size / 4)) place--;
        void *memory = place > 0 ? removed(place - 1).memory : NULL;
        leave();
        if (memory != NULL) return memory;
    }
    void *memory = spinnprop_support_malloc(size);
    if (memory != NULL) return memory;
    spinnprop_support_give_kept();
    return spinnprop_support_malloc(size);
}

void spinnprop_support_free(void *memory) {
    size_t size = memory == NULL ? 0 : malloc_usable_size(memory);
    if (size < SMALLEST || size > LARGEST_SUM / 2 || !take()) {
        free(memory);
        return;
    }
    while (count == PLACES || sum + size > LARGEST_SUM) free(removed(0).memory);
    kept[count++] = (block){memory, size};
    sum += size;
    leave();
}
