// Another clock, for a program under which this library is loaded. CLOCK_AHEAD=SECONDS puts the wall clock alone ahead.
// CLOCK_RATE=N lets all time run N times as fast, since CLOCK_BASE, which is nanoseconds of the monotonic clock: all that waits
// for a time waits as much less. What the kernel measures itself, as TCP does, stays right.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

typedef long long nanoseconds;
static const nanoseconds second = 1000000000;
static nanoseconds ahead, rate = 1, base[CLOCK_BOOTTIME + 1];

static nanoseconds real(clockid_t clock) {
  struct timespec now;
  syscall(SYS_clock_gettime, clock, &now);
  return now.tv_sec * second + now.tv_nsec;
}

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("CLOCK_AHEAD"), *faster = getenv("CLOCK_RATE"), *since = getenv("CLOCK_BASE");
  ahead = text ? atoll(text) * second : 0;
  rate = faster ? atoll(faster) : 1;
  nanoseconds ago = since ? real(CLOCK_MONOTONIC) - atoll(since) : 0;
  for (clockid_t clock = 0; clock <= CLOCK_BOOTTIME; clock++) base[clock] = real(clock) - ago;
}

static int isTurned(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC ||
         clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME;
}

static nanoseconds lead(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? ahead : 0;
}

static struct timespec spec(nanoseconds time) { return (struct timespec){time / second, time % second}; }

static nanoseconds count(struct timespec time) { return time.tv_sec * second + time.tv_nsec; }

// The moment of the real clock at which this one shows `time`.
static struct timespec moment(clockid_t clock, struct timespec time) {
  return spec(base[clock] + (count(time) - lead(clock) - base[clock]) / rate);
}

// A span that is some stays some: 0 would be none, or for ever.
static struct timespec span(struct timespec time) {
  nanoseconds length = count(time);
  return spec(length && length < rate ? 1 : length / rate);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int status = syscall(SYS_clock_gettime, clock, now);
  if (status == 0 && isTurned(clock)) *now = spec(base[clock] + (count(*now) - base[clock]) * rate + lead(clock));
  return status;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec precise;
  int status = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return zone ? -1 : status;
}

time_t time(time_t *place) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (place) *place = now.tv_sec;
  return now.tv_sec;
}

static clockid_t timers[1 << 16];

int timerfd_create(int clock, int flags) {
  int fd = syscall(SYS_timerfd_create, clock, flags);
  if (fd >= 0 && fd < 1 << 16) timers[fd] = clock;
  return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before) {
  struct itimerspec real = {span(when->it_interval), span(when->it_value)};
  int isMoment = flags & TFD_TIMER_ABSTIME && count(when->it_value);
  if (isMoment && fd < 1 << 16 && isTurned(timers[fd])) real.it_value = moment(timers[fd], when->it_value);
  return syscall(SYS_timerfd_settime, fd, flags, &real, before);
}

static int less(int milliseconds) { return milliseconds > 0 && milliseconds < rate ? 1 : milliseconds / (int)rate; }

int epoll_wait(int epoll, struct epoll_event *events, int most, int milliseconds) {
  return syscall(SYS_epoll_pwait, epoll, events, most, milliseconds < 0 ? -1 : less(milliseconds), NULL, 0);
}

int poll(struct pollfd *list, nfds_t size, int milliseconds) {
  struct timespec limit = {less(milliseconds) / 1000, less(milliseconds) % 1000 * 1000000L};
  return syscall(SYS_ppoll, list, size, milliseconds < 0 ? NULL : &limit, NULL, 0);
}

int usleep(useconds_t microseconds) {
  struct timespec pause = span((struct timespec){microseconds / 1000000, microseconds % 1000000 * 1000L});
  return syscall(SYS_nanosleep, &pause, NULL);
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *until) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  // Another function had this name before, which is found first.
  if (!next) next = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (!next) next = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  // Which of the clocks it goes by was said when it was made: no machine has been up for thirty years.
  struct timespec real = moment(until->tv_sec > second ? CLOCK_REALTIME : CLOCK_MONOTONIC, *until);
  return next(condition, lock, &real);
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
  static int (*next)(sem_t *, const struct timespec *);
  if (!next) next = dlsym(RTLD_NEXT, "sem_timedwait");
  struct timespec real = moment(CLOCK_REALTIME, *until);
  return next(semaphore, &real);
}
