#include "CSupport.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 1024 };

/* This thread's text, made with its first error. A pointer at a fixed place (initial-exec) has the whole library's thread-local variables
   there from each thread's start: made when first used, they would end the process where memory is short. */
static _Thread_local char *error_text __attribute__((tls_model("initial-exec")));
static pthread_key_t key;
static int has_key;

static void free_text(void *text) {
    error_text = NULL;
    free(text);
}

__attribute__((constructor)) static void make_key(void) { has_key = pthread_key_create(&key, free_text) == 0; }

void spinnprop_support_set_error(const char *text, size_t length) {
    if (error_text == NULL) {
        error_text = malloc(TEXT_BYTES);
        if (error_text == NULL) return;
        if (has_key) pthread_setspecific(key, error_text);
    }
    if (length >= TEXT_BYTES) {
        length = TEXT_BYTES - 1;
        /* Never cut a UTF-8 character in two. */
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    }
    memcpy(error_text, text, length);
    error_text[length] = '\0';
}

const char *spinnprop_support_error(void) { return error_text == NULL ? "" : error_text; }
