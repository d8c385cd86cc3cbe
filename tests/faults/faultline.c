/* Counts the system calls that change files below one folder, and makes the n-th of them the
 * moment of a fault. Loaded with LD_PRELOAD into a process and all its children; they share one
 * control file. What to do is written there by preload.py, which has the same layout.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, KILL_BEFORE, KILL_AFTER, KILL_HALFWAY, DISK_FULL };

struct control {
  int64_t count;   /* events so far */
  int64_t at;      /* the event that is the moment of the fault, from 1; 0: never */
  int32_t what;    /* one of the enum */
  int32_t group;   /* the process group that counts; 0: that of the first process */
  int64_t hits;    /* how often the fault was done */
  char under[1024];
  char said[1024]; /* the event at that moment */
};

static struct control *control;

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("KAGURA_FAULTLINE");
  if (!path) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (map == MAP_FAILED) return;
  struct control *found = map;
  int32_t none = 0;
  __atomic_compare_exchange_n(&found->group, &none, (int32_t)getpgrp(), 0, __ATOMIC_SEQ_CST,
                              __ATOMIC_SEQ_CST);
  /* What has left the group (a background refresh) is not what the test started. */
  if (found->group == (int32_t)getpgrp()) control = found;
}

static int below(const char *full) {
  size_t length = strlen(control->under);
  return strncmp(full, control->under, length) == 0 && full[length] == '/';
}

static int path_counts(int folder, const char *path) {
  char full[2 * PATH_MAX], link[64];
  if (!control || !path) return 0;
  if (path[0] == '/') return below(path);
  ssize_t size;
  if (folder == AT_FDCWD) {
    if (!getcwd(full, PATH_MAX)) return 0;
    size = (ssize_t)strlen(full);
  } else {
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    size = readlink(link, full, PATH_MAX - 1);
    if (size < 0) return 0;
  }
  snprintf(full + size, sizeof full - (size_t)size, "/%s", path);
  return below(full);
}

static int file_counts(int fd, char *full) {
  char link[64];
  struct stat info;
  if (!control || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, full, PATH_MAX - 1);
  if (size < 0) return 0;
  full[size] = 0;
  return below(full);
}

static void die(void) {
  kill(-control->group, SIGKILL);
  for (;;) pause();
}

/* Tell whether the fault is due at this event, and remember which event it was. */
static int due(const char *name, const char *path, int needs_space) {
  int64_t number = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
  if (!control->at || number < control->at) return 0;
  if (number > control->at && control->what != DISK_FULL) return 0;
  if (control->what == DISK_FULL && !needs_space) return 0;
  if (__atomic_fetch_add(&control->hits, 1, __ATOMIC_SEQ_CST) == 0)
    snprintf(control->said, sizeof control->said, "%s %s", name, path ? path : "");
  return 1;
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* A call that either happens or does not. */
#define WHOLE(counts, name, path, space, call) \
  do { \
    int fault = (counts) && due(name, path, space); \
    if (fault && control->what == DISK_FULL) { errno = ENOSPC; return -1; } \
    if (fault && control->what != KILL_AFTER) die(); \
    int result = call; \
    if (fault) die(); \
    return result; \
  } while (0)

int rename(const char *from, const char *to) {
  REAL(rename);
  WHOLE(path_counts(AT_FDCWD, to), "rename", to, 0, real(from, to));
}

int renameat(int a, const char *from, int b, const char *to) {
  REAL(renameat);
  WHOLE(path_counts(b, to), "rename", to, 0, real(a, from, b, to));
}

int link(const char *from, const char *to) {
  REAL(link);
  WHOLE(path_counts(AT_FDCWD, to), "link", to, 1, real(from, to));
}

int linkat(int a, const char *from, int b, const char *to, int flags) {
  REAL(linkat);
  WHOLE(path_counts(b, to), "link", to, 1, real(a, from, b, to, flags));
}

int symlink(const char *from, const char *to) {
  REAL(symlink);
  WHOLE(path_counts(AT_FDCWD, to), "symlink", to, 1, real(from, to));
}

int unlink(const char *path) {
  REAL(unlink);
  WHOLE(path_counts(AT_FDCWD, path), "unlink", path, 0, real(path));
}

int unlinkat(int folder, const char *path, int flags) {
  REAL(unlinkat);
  WHOLE(path_counts(folder, path), "unlink", path, 0, real(folder, path, flags));
}

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  WHOLE(path_counts(AT_FDCWD, path), "mkdir", path, 1, real(path, mode));
}

int rmdir(const char *path) {
  REAL(rmdir);
  WHOLE(path_counts(AT_FDCWD, path), "rmdir", path, 0, real(path));
}

int fsync(int fd) {
  REAL(fsync);
  char full[PATH_MAX];
  WHOLE(file_counts(fd, full), "fsync", full, 0, real(fd));
}

int fdatasync(int fd) {
  REAL(fdatasync);
  char full[PATH_MAX];
  WHOLE(file_counts(fd, full), "fdatasync", full, 0, real(fd));
}

int ftruncate(int fd, off_t size) {
  REAL(ftruncate);
  char full[PATH_MAX];
  WHOLE(file_counts(fd, full), "ftruncate", full, 0, real(fd, size));
}

int ftruncate64(int fd, off64_t size) {
  REAL(ftruncate64);
  char full[PATH_MAX];
  WHOLE(file_counts(fd, full), "ftruncate", full, 0, real(fd, size));
}

#define OPEN_CHANGES(flags) ((flags) & (O_CREAT | O_TRUNC))
/* Opening a file that exists needs no space. */
#define OPEN_NEEDS(folder, path, flags) \
  (((flags) & O_CREAT) && faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
#define MODE_OF(flags) \
  mode_t mode = 0; \
  if ((flags) & O_CREAT) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

int open(const char *path, int flags, ...) {
  REAL(open);
  MODE_OF(flags)
  WHOLE(OPEN_CHANGES(flags) && path_counts(AT_FDCWD, path), "open", path,
        OPEN_NEEDS(AT_FDCWD, path, flags), real(path, flags, mode));
}

int open64(const char *path, int flags, ...) {
  REAL(open64);
  MODE_OF(flags)
  WHOLE(OPEN_CHANGES(flags) && path_counts(AT_FDCWD, path), "open", path,
        OPEN_NEEDS(AT_FDCWD, path, flags), real(path, flags, mode));
}

int openat(int folder, const char *path, int flags, ...) {
  REAL(openat);
  MODE_OF(flags)
  WHOLE(OPEN_CHANGES(flags) && path_counts(folder, path), "open", path,
        OPEN_NEEDS(folder, path, flags), real(folder, path, flags, mode));
}

int openat64(int folder, const char *path, int flags, ...) {
  REAL(openat64);
  MODE_OF(flags)
  WHOLE(OPEN_CHANGES(flags) && path_counts(folder, path), "open", path,
        OPEN_NEEDS(folder, path, flags), real(folder, path, flags, mode));
}

/* A write may also be cut in two: the disk took one half. */
#define PARTIAL(name, call, half) \
  do { \
    char full[PATH_MAX]; \
    int fault = size > 0 && file_counts(fd, full) && due(name, full, 1); \
    if (!fault) return call; \
    if (control->what == KILL_BEFORE) die(); \
    if (control->what == KILL_AFTER) { ssize_t done = call; (void)done; die(); } \
    if (control->what == KILL_HALFWAY) { ssize_t done = half; (void)done; die(); } \
    if (control->hits == 1 && size > 1) return half; \
    errno = ENOSPC; \
    return -1; \
  } while (0)

ssize_t write(int fd, const void *data, size_t size) {
  REAL(write);
  PARTIAL("write", real(fd, data, size), real(fd, data, size / 2));
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  REAL(pwrite);
  PARTIAL("pwrite", real(fd, data, size, at), real(fd, data, size / 2, at));
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  REAL(pwrite64);
  PARTIAL("pwrite", real(fd, data, size, at), real(fd, data, size / 2, at));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(writev);
  size_t size = count > 0 ? parts[0].iov_len : 0;
  PARTIAL("writev", real(fd, parts, count), real(fd, parts, 1));
}
