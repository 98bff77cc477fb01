#include "CSupport.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local char error_text[1024];

void spinnprop_support_set_error(const char *text, size_t length) {
    if (length >= sizeof error_text) {
        length = sizeof error_text - 1;
        /* Never cut a UTF-8 character in two. */
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    }
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
