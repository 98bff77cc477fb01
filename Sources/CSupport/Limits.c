/* What of the machine this process may use: processors by its affinity, and what its control groups (a container's, say) allow. */
#define _GNU_SOURCE
#include "CSupport.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A quota may change while a process runs; to read it takes some ten microseconds. */
enum { QUOTA_AGE_NS = 1000000000 };

/* A small file's text, on the caller's stack: memory may be short. Returns whether it could be read. */
static int read_text(const char *path, char *text, size_t size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t length = read(file, text, size - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* Processors' worth of time in one group's folder, rounded up; LONG_MAX if it is not limited there. */
static long quota_of(const char *folder, int is_v2) {
    char path[PATH_MAX], text[64];
    long quota = -1, period = 0;
    if (is_v2) {
        if (snprintf(path, sizeof path, "%s/cpu.max", folder) >= (int)sizeof path) return LONG_MAX;
        if (!read_text(path, text, sizeof text) || sscanf(text, "%ld %ld", &quota, &period) != 2) return LONG_MAX;
    } else {
        if (snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder) >= (int)sizeof path) return LONG_MAX;
        if (!read_text(path, text, sizeof text)) return LONG_MAX;
        quota = strtol(text, NULL, 10);
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        if (!read_text(path, text, sizeof text)) return LONG_MAX;
        period = strtol(text, NULL, 10);
    }
    return quota <= 0 || period <= 0 ? LONG_MAX : (quota - 1) / period + 1;
}

/* The bytes that a group may take, LONG_MAX without a limit. */
static long memory_of(const char *folder, int is_v2) {
    char path[PATH_MAX], text[64];
    long bytes = 0;
    if (snprintf(path, sizeof path, "%s/%s", folder, is_v2 ? "memory.max" : "memory.limit_in_bytes") >= (int)sizeof path) return LONG_MAX;
    if (!read_text(path, text, sizeof text) || sscanf(text, "%ld", &bytes) != 1) return LONG_MAX;
    return bytes <= 0 ? LONG_MAX : bytes;
}

/* Of one group, by its folder. */
typedef long limit_of(const char *folder, int is_v2);

/* The least limit of a group and of those it lies in. Inside a container the path may be the host's: then only the root is there. */
static long least_up_from(const char *root, const char *group, int is_v2, limit_of *limit) {
    char folder[PATH_MAX];
    int length = snprintf(folder, sizeof folder, "%s%s", root, group);
    if (length >= (int)sizeof folder) return LONG_MAX;
    long least = LONG_MAX;
    for (;;) {
        long own = limit(folder, is_v2);
        if (own < least) least = own;
        char *last = strrchr(folder, '/');
        if (last == NULL || (size_t)(last - folder) < strlen(root)) return least;
        *last = '\0';
    }
}

/* Whether a list such as "cpu,cpuacct" names a controller. */
static int names(const char *controllers, const char *controller) {
    size_t length = strlen(controller);
    for (const char *at = controllers; at != NULL; at = strchr(at, ',')) {
        if (*at == ',') at++;
        if (strncmp(at, controller, length) == 0 && (at[length] == ',' || at[length] == '\0')) return 1;
    }
    return 0;
}

static long least_of_groups(const char *memberships, const char *mounts, const char *controller, limit_of *limit) {
    char text[8192], root[PATH_MAX];
    long least = LONG_MAX;
    if (!read_text(memberships, text, sizeof text)) return least;
    /* Lines "number:controllers:path"; version 2 has no controllers there. */
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *controllers = strchr(line, ':'), *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (group == NULL) continue;
        *group++ = '\0';
        controllers++;
        int is_v2 = *controllers == '\0';
        if (!is_v2 && !names(controllers, controller)) continue;
        if (snprintf(root, sizeof root, "%s%s%s", mounts, is_v2 ? "" : "/", controllers) >= (int)sizeof root) continue;
        long own = least_up_from(root, group, is_v2, limit);
        if (own < least) least = own;
    }
    return least;
}

long spinnprop_support_processor_quota(const char *memberships, const char *mounts) {
    return least_of_groups(memberships, mounts, "cpu", quota_of);
}

long spinnprop_support_memory_limit(const char *memberships, const char *mounts) {
    return least_of_groups(memberships, mounts, "memory", memory_of);
}

/* Of all processors there can be in the affinity of the calling thread. */
static long affinity(void) {
    for (int processors = 1024; processors <= 1 << 16; processors *= 2) {
        char bits[(1 << 16) / CHAR_BIT] __attribute__((aligned(sizeof(long))));
        size_t size = CPU_ALLOC_SIZE(processors);
        if (sched_getaffinity(0, size, (cpu_set_t *)bits) == 0) return CPU_COUNT_S(size, (cpu_set_t *)bits);
    }
    return sysconf(_SC_NPROCESSORS_ONLN);
}

size_t spinnprop_support_processors(void) {
    static _Atomic int64_t looked = INT64_MIN;
    static atomic_long quota = LONG_MAX;
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &clock);
    int64_t now = (int64_t)clock.tv_sec * 1000000000 + clock.tv_nsec, before = looked;
    if ((before == INT64_MIN || now - before > QUOTA_AGE_NS) && atomic_compare_exchange_strong(&looked, &before, now)) {
        quota = spinnprop_support_processor_quota("/proc/self/cgroup", "/sys/fs/cgroup");
    }
    long own = affinity(), granted = quota, least = own < granted ? own : granted;
    return least < 1 ? 1 : (size_t)least;
}
