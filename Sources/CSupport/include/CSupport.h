/* The little that Swift cannot say: a thread-local error text, work on several threads, and what is done when
 * memory runs out. */
#ifndef SPINNPROP_CSUPPORT_H
#define SPINNPROP_CSUPPORT_H

#include <stddef.h>
#include <stdint.h>

/* Keeps a copy of the text (cut to what fits) for this thread. */
void spinnprop_support_set_error(const char *text, size_t length);
const char *spinnprop_support_error(void);

/* How many processors this process may use, at least one: as many as its affinity allows (looked at in every call) and as the quotas of its
 * control groups, version 1 or 2, amount to, rounded up (looked at when more than a second old). */
size_t spinnprop_support_processors(void);

/* The quota alone, LONG_MAX if there is none, for a process whose groups a file like /proc/self/cgroup lists, with the groups' folders
 * mounted like /sys/fs/cgroup. */
long spinnprop_support_processor_quota(const char *memberships, const char *mounts);

/* Likewise the bytes of memory that its groups may take. */
long spinnprop_support_memory_limit(const char *memberships, const char *mounts);

/* Calls work(context) on up to `count` threads at once, this one included: on fewer if the system gives no more or other loops have
 * them, and on this one alone in a forked child, or for a while after several threads have made the loops of this place in the program slower.
 * Returns when all calls have; while it waits for others it calls poll(context), if there is one, every 10 ms. The other threads wait for
 * the next loop: it costs a few microseconds where threads of its own would cost 40 each. (libdispatch would do the same and add 0.4 MB to
 * the library.) */
void spinnprop_support_run_on_threads(
    size_t count, size_t place, const void *context, void (*work)(const void *context), void (*poll)(const void *context));

/* Whether the library lives on the address space that it sets aside for the case that memory runs out: who works then has to stop.
 * Takes that space again as soon as the system gives it. In distribution builds; others end when memory runs out, as Swift does. */
int spinnprop_support_is_memory_short(void);

/* malloc that may return NULL and leaves what is set aside alone: for blocks of any size, by callers that can do without. */
void *spinnprop_support_malloc(size_t size);

/* The same, of blocks that have been freed where there are any as large; `spinnprop_support_free` keeps large ones, up to 64 MB, until memory is
 * short. */
void *spinnprop_support_allocate(size_t size);
void spinnprop_support_free(void *memory);
void spinnprop_support_give_kept(void);

/* To be called between two looks at what another thread is about to change. */
static inline __attribute__((always_inline)) void spinnprop_support_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

/* Asks memory for the cache line at `place`; whatever the address, nothing else happens. As for reading and into the second cache, although it
   will be written: of all kinds this takes least, 17 against 19 ns a line over 8 GB and 5 against 7 over 80 MB. */
static inline __attribute__((always_inline)) void spinnprop_support_prefetch(const void *place) {
    __builtin_prefetch(place, 0, 2);
}

/* Square roots of four numbers; Swift takes them lane by lane, with a branch for each. */
typedef double spinnprop_support_double4 __attribute__((ext_vector_type(4)));

static inline __attribute__((always_inline)) spinnprop_support_double4 spinnprop_support_square_roots(
    spinnprop_support_double4 values) {
    return __builtin_elementwise_sqrt(values);
}

/* Arithmetic on four numbers at once, said to the compiler as such: Swift's own operators on vectors of numbers go through one element after
   the other, and in long functions compilers put only parts of that together again. */
typedef uint64_t spinnprop_support_bits4 __attribute__((ext_vector_type(4)));
typedef int64_t spinnprop_support_long4 __attribute__((ext_vector_type(4)));
typedef int32_t spinnprop_support_int4 __attribute__((ext_vector_type(4)));
#define SPINNPROP_SUPPORT_LANES(result, type, name, expression)                                                        \
    static inline __attribute__((always_inline)) spinnprop_support_##result spinnprop_support_##name(                  \
        spinnprop_support_##type x, spinnprop_support_##type y) {                                                      \
        return expression;                                                                                             \
    }
SPINNPROP_SUPPORT_LANES(double4, double4, add, x + y)
SPINNPROP_SUPPORT_LANES(double4, double4, subtract, x - y)
SPINNPROP_SUPPORT_LANES(double4, double4, multiply, x * y)
SPINNPROP_SUPPORT_LANES(double4, double4, divide, x / y)
SPINNPROP_SUPPORT_LANES(double4, double4, larger, x > y ? x : y)
SPINNPROP_SUPPORT_LANES(double4, double4, smaller, x < y ? x : y)
SPINNPROP_SUPPORT_LANES(bits4, bits4, and, x & y)
SPINNPROP_SUPPORT_LANES(bits4, bits4, or, x | y)
SPINNPROP_SUPPORT_LANES(bits4, bits4, shift_left, x << (y & 63))
SPINNPROP_SUPPORT_LANES(bits4, bits4, shift_right, x >> (y & 63))
/* Masks of lanes: -1 where it is so. */
SPINNPROP_SUPPORT_LANES(long4, double4, less, x < y)
SPINNPROP_SUPPORT_LANES(long4, double4, less_or_equal, x <= y)
SPINNPROP_SUPPORT_LANES(long4, double4, equal, x == y)
#undef SPINNPROP_SUPPORT_LANES

/* Four small integers as numbers. */
static inline __attribute__((always_inline)) spinnprop_support_double4 spinnprop_support_bytes(const int8_t *values) {
    typedef int8_t byte4 __attribute__((ext_vector_type(4)));
    byte4 four;
    __builtin_memcpy(&four, values, sizeof four);
    return __builtin_convertvector(__builtin_convertvector(four, spinnprop_support_int4), spinnprop_support_double4);
}

/* `yes` where a mask of lanes is set, `no` elsewhere. */
static inline __attribute__((always_inline)) spinnprop_support_double4 spinnprop_support_select(
    spinnprop_support_long4 mask, spinnprop_support_double4 yes, spinnprop_support_double4 no) {
    return mask ? yes : no;
}

/* A bit for each of four integers that is negative, as in masks of lanes: one instruction where the processor has one, which compilers do not find
   by themselves. */
static inline __attribute__((always_inline)) unsigned char spinnprop_support_signs(spinnprop_support_long4 values) {
#if defined(__AVX__)
    return (unsigned char)__builtin_ia32_movmskpd256((spinnprop_support_double4)values);
#elif defined(__SSE2__)
    typedef double double2 __attribute__((ext_vector_type(2)));
    return (unsigned char)(__builtin_ia32_movmskpd((double2)values.lo) | __builtin_ia32_movmskpd((double2)values.hi) << 2);
#else
    return (values[0] < 0) | (values[1] < 0) << 1 | (values[2] < 0) << 2 | (values[3] < 0) << 3;
#endif
}

/* Square roots of many numbers, in their place. */
static inline __attribute__((always_inline)) void spinnprop_support_take_roots(double *values, long count) {
    for (long n = 0; n < count; n++) values[n] = __builtin_elementwise_sqrt(values[n]);
}

static inline __attribute__((always_inline)) void spinnprop_support_take_roots_single(float *values, long count) {
    for (long n = 0; n < count; n++) values[n] = __builtin_elementwise_sqrt(values[n]);
}

/* Eight numbers in a register. Swift takes such comparisons apart into single lanes more often than not. */
typedef float spinnprop_support_float8 __attribute__((ext_vector_type(8)));
typedef _Bool spinnprop_support_bool8 __attribute__((ext_vector_type(8)));

/* A bit for each lane in which `values` exceed `bounds`: one instruction where the processor has one. */
static inline __attribute__((always_inline)) unsigned char spinnprop_support_above(
    spinnprop_support_float8 values, spinnprop_support_float8 bounds) {
    spinnprop_support_bool8 lanes = __builtin_convertvector(values > bounds, spinnprop_support_bool8);
    unsigned char bits;
    __builtin_memcpy(&bits, &lanes, sizeof bits);
    return bits;
}

/* `others` in the lanes in which `values` exceed `bounds`, `values` in the rest. */
static inline __attribute__((always_inline)) spinnprop_support_float8 spinnprop_support_replace_above(
    spinnprop_support_float8 values, spinnprop_support_float8 bounds, spinnprop_support_float8 others) {
    return values > bounds ? others : values;
}

/* Columns of numbers whose sums fit in the processor's registers while rows are added to them; all but the first are for what is left. */
typedef float spinnprop_support_columns64 __attribute__((ext_vector_type(64), aligned(4)));
typedef float spinnprop_support_columns32 __attribute__((ext_vector_type(32), aligned(4)));
typedef float spinnprop_support_columns16 __attribute__((ext_vector_type(16), aligned(4)));
typedef float spinnprop_support_columns8 __attribute__((ext_vector_type(8), aligned(4)));

/* How many of `left` columns, a multiple of 8, are worked on together. */
static inline __attribute__((always_inline)) long spinnprop_support_columns(long left) {
#if defined(__AVX__)
    if (left >= 64) return 64;
#endif
    return left >= 32 ? 32 : left >= 16 ? 16 : 8;
}

#define SPINNPROP_SUPPORT_FOLD(columns, operation)                                                                     \
    {                                                                                                                  \
        spinnprop_support_columns##columns sums = *(spinnprop_support_columns##columns *)target;                       \
        for (long n = 0; n < count; n++)                                                                               \
            sums = sums operation *(const spinnprop_support_columns##columns *)(rows + units[n] * stride);             \
        *(spinnprop_support_columns##columns *)target = sums;                                                          \
        break;                                                                                                         \
    }

/* target[j] += rows[stride units[n] + j] for each n in order, in `width` columns, as many as spinnprop_support_columns says. */
static inline __attribute__((always_inline)) void spinnprop_support_add_rows(
    const float *rows, long stride, const int32_t *units, long count, float *target, long width) {
    switch (width) {
    case 64: SPINNPROP_SUPPORT_FOLD(64, +)
    case 32: SPINNPROP_SUPPORT_FOLD(32, +)
    case 16: SPINNPROP_SUPPORT_FOLD(16, +)
    default: SPINNPROP_SUPPORT_FOLD(8, +)
    }
}

/* The same with target[j] -= ... */
static inline __attribute__((always_inline)) void spinnprop_support_subtract_rows(
    const float *rows, long stride, const int32_t *units, long count, float *target, long width) {
    switch (width) {
    case 64: SPINNPROP_SUPPORT_FOLD(64, -)
    case 32: SPINNPROP_SUPPORT_FOLD(32, -)
    case 16: SPINNPROP_SUPPORT_FOLD(16, -)
    default: SPINNPROP_SUPPORT_FOLD(8, -)
    }
}

#endif
