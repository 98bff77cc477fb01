/* A small harness: calls that must fail, and memory that must not have changed when they did. */
#ifndef SPINNPROP_TEST_HOSTILE_H
#define SPINNPROP_TEST_HOSTILE_H

#include <spinnprop.h>

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_WATCHED = 64, N_STATUSES = SPINNPROP_INTERNAL + 1 };

typedef struct watched {
    const void *memory;
    void *before;
    size_t size;
    const char *name;
} watched;

static watched watched_memory[MAX_WATCHED];
static int n_watched, n_calls, n_defects;
static int seen[N_STATUSES];
static const char *section = "";

static void defect(int line, const char *call, const char *what) {
    n_defects++;
    printf("DEFECT %s, line %d: %s: %s\n", section, line, call, what);
}

static void *allocate(size_t size) {
    void *memory = malloc(size > 0 ? size : 1);
    if (memory == NULL) exit(3);
    return memory;
}

/* From now on no failing call may change this memory. */
static void watch(const char *name, const void *memory, size_t size) {
    if (n_watched == MAX_WATCHED) exit(3);
    watched *w = &watched_memory[n_watched++];
    w->memory = memory;
    w->before = memcpy(allocate(size), memory, size);
    w->size = size;
    w->name = name;
}
#define WATCH(object) watch(#object, &(object), sizeof(object))

static void unwatch_all(void) {
    while (n_watched > 0) free(watched_memory[--n_watched].before);
}

/* Between sections: memory may have been changed by calls that succeed. */
static void begin(const char *name) {
    unwatch_all();
    section = name;
}

static void expect_failure(int line, const char *call, spinnprop_status got, spinnprop_status wanted) {
    char text[256];
    n_calls++;
    if (got >= 0 && got < N_STATUSES) seen[got]++;
    if (got != wanted) {
        snprintf(text, sizeof text, "status %d instead of %d (%s)", (int)got, (int)wanted,
                 got == SPINNPROP_OK ? "no error" : spinnprop_last_error());
        defect(line, call, text);
        return;
    }
    const char *message = spinnprop_last_error();
    if (strlen(message) < 10 || strchr(message, '\n') != NULL) defect(line, call, "no one-line message");
    for (int index = 0; index < n_watched; index++) {
        watched *w = &watched_memory[index];
        if (memcmp(w->memory, w->before, w->size) != 0) {
            snprintf(text, sizeof text, "failed but changed %s", w->name);
            defect(line, call, text);
            memcpy(w->before, w->memory, w->size);
        }
    }
    if (getenv("HOSTILE_VERBOSE")) printf("%4d  %-90.90s %s\n", line, call, message);
}

static void expect_success(int line, const char *call, spinnprop_status got) {
    n_calls++;
    if (got >= 0 && got < N_STATUSES) seen[got]++;
    if (got != SPINNPROP_OK) defect(line, call, spinnprop_last_error());
}

#define FAILS(status, call) expect_failure(__LINE__, #call, (call), SPINNPROP_##status)
#define INVALID(call) FAILS(INVALID_VALUE, call)
#define WORKS(call) expect_success(__LINE__, #call, (call))
#define HOLDS(condition) ((condition) ? (void)0 : defect(__LINE__, #condition, "does not hold"))

/* What an untouched handle holds: an address that belongs to nobody. */
static double nobody[4];
#define NOBODY(type) ((type *)(void *)nobody)

/* Sizes that no version of a struct has. */
static const size_t wrong_sizes[] = {0, 1, 7, 8, 9, 20, 4096, SIZE_MAX, SIZE_MAX / 2, (size_t)INT_MIN};
enum { N_WRONG_SIZES = sizeof wrong_sizes / sizeof wrong_sizes[0] };
#define EACH_WRONG_SIZE(object, call) \
    for (int size_index = 0; size_index < N_WRONG_SIZES; size_index++) { \
        size_t right_size = (object).size; \
        (object).size = wrong_sizes[size_index]; \
        INVALID(call); \
        (object).size = right_size; \
    }

/* Sets a field, expects the call to fail, and sets the field back. */
#define WITH(field, value, status, call) \
    do { \
        __typeof__(field) right = (field); \
        (field) = (value); \
        FAILS(status, call); \
        (field) = right; \
    } while (0)

#endif
