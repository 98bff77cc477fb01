/* The little that Swift cannot say: a thread-local error text, and what the processor can do. */
#ifndef SPINNPROP_CSUPPORT_H
#define SPINNPROP_CSUPPORT_H

#include <stddef.h>

/* Keeps a copy of the text (cut to what fits) for this thread. */
void spinnprop_support_set_error(const char *text, size_t length);
const char *spinnprop_support_error(void);

/* Whether the processor runs code compiled for x86-64-v3 (AVX2, BMI2, ...). SPINNPROP_CPU=baseline in the environment
 * says no, so that tests can compare the two. */
int spinnprop_support_has_v3(void);

#endif
