/* What keeps the library from running with older versions of glibc than it has to. */
#include "CSupport.h"

#if defined(SPINNPROP_DIST)

#include <math.h>

/* Swift's Glibc module, linked in whole, refers to hypotf, whose newest version is of glibc 2.35; nothing here calls it. The linker has
   that reference end here (--wrap), so that 2.34 will do: the system of many clusters. Squares of floats do not overflow a double. */
float __wrap_hypotf(float x, float y) {
    return isinf(x) || isinf(y) ? INFINITY : (float)sqrt((double)x * x + (double)y * y);
}

#endif
