#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// Straight to the kernel, for the four calls of which every request consists: glibc's are cancellation points, and its
// syscall() has errno in between, which together cost 4% of a small request. The result, or minus the error number.
static inline long linux_call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
  long result = syscall(number, a, b, c, d, e, f);
  return result < 0 ? -errno : result;
#endif
}

int linux_address_is_v4(struct linux_address a) {
  uint32_t marker;
  memcpy(&marker, &a.low, 4);
  return a.high == 0 && marker == htonl(0xffff);
}

static socklen_t linux_address_encode(struct linux_address a, struct sockaddr_storage *out) {
  memset(out, 0, sizeof *out);
  if (linux_address_is_v4(a)) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    v4->sin_family = AF_INET, v4->sin_port = htons(a.port);
    memcpy(&v4->sin_addr, (char *)&a.low + 4, 4);
    return sizeof *v4;
  }
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  v6->sin6_family = AF_INET6, v6->sin6_port = htons(a.port);
  memcpy(&v6->sin6_addr, &a.high, 8), memcpy((char *)&v6->sin6_addr + 8, &a.low, 8);
  return sizeof *v6;
}

static struct linux_address linux_address_decode(const struct sockaddr *from) {
  struct linux_address a = {0};
  if (from->sa_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    uint32_t marker = htonl(0xffff);
    memcpy(&a.low, &marker, 4), memcpy((char *)&a.low + 4, &v4->sin_addr, 4);
    a.port = ntohs(v4->sin_port);
  } else if (from->sa_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
    memcpy(&a.high, &v6->sin6_addr, 8), memcpy(&a.low, (char *)&v6->sin6_addr + 8, 8);
    a.port = ntohs(v6->sin6_port);
  }
  return a;
}

int linux_resolve(const char *host, uint16_t port, struct linux_address *out) {
  // A literal needs no resolver, which would ask the kernel for all its interfaces first.
  struct sockaddr_in6 literal = {.sin6_family = AF_INET6};
  struct sockaddr_in literal4 = {.sin_family = AF_INET};
  if (inet_pton(AF_INET, host, &literal4.sin_addr) == 1 || inet_pton(AF_INET6, host, &literal.sin6_addr) == 1) {
    *out = linux_address_decode(strchr(host, ':') ? (struct sockaddr *)&literal : (struct sockaddr *)&literal4);
    out->port = port;
    return 0;
  }
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found = 0;
  int code = getaddrinfo(host, 0, &hints, &found);
  if (code) {  // without a configured interface only literals and the loopback are left
    hints.ai_flags = 0;
    code = getaddrinfo(host, 0, &hints, &found);
  }
  if (code) return code;
  *out = linux_address_decode(found->ai_addr);
  out->port = port;
  freeaddrinfo(found);
  return 0;
}

int linux_listen(struct linux_address a, enum linux_sharing sharing, int backlog) {
  struct sockaddr_storage raw;
  socklen_t length = linux_address_encode(a, &raw);
  int on = 1, off = 0, fd = socket(raw.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (sharing == LINUX_SHARED) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (raw.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit these two
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  int code = bind(fd, (struct sockaddr *)&raw, length);
  // Once it is bound the kernel has looked for others; from here on it lets those in that say the same.
  if (!code && sharing == LINUX_FIRST) code = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (!code && backlog) code = listen(fd, backlog);
  if (!code) return fd;
  code = errno;
  close(fd);
  return -code;
}

uint16_t linux_bound_port(int fd) {
  struct sockaddr_storage raw = {0};
  socklen_t length = sizeof raw;
  return getsockname(fd, (struct sockaddr *)&raw, &length) ? 0 : linux_address_decode((struct sockaddr *)&raw).port;
}

int linux_accept(int listener, struct linux_address *peer) {
  struct sockaddr_storage raw;
  socklen_t length = sizeof raw;
  raw.ss_family = AF_UNSPEC;
  int fd = accept4(listener, (struct sockaddr *)&raw, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return -errno;
  *peer = linux_address_decode((struct sockaddr *)&raw);
  return fd;
}

int linux_connect(struct linux_address a, int *connecting) {
  struct sockaddr_storage raw;
  socklen_t length = linux_address_encode(a, &raw);
  int on = 1, fd = socket(raw.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  *connecting = 0;
  if (connect(fd, (struct sockaddr *)&raw, length)) {
    if (errno != EINPROGRESS) {
      int code = errno;
      close(fd);
      return -code;
    }
    *connecting = 1;
  }
  return fd;
}

int linux_socket_error(int fd) {
  int code = 0;
  socklen_t length = sizeof code;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) ? errno : code;
}

void linux_reset_on_close(int fd) {
  struct linger now = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void linux_keep_alive(int fd) {
  int on = 1, idle = 30, interval = 10, count = 3;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void linux_watch_over(int fd) {
  unsigned patience = 20000;
  linux_keep_alive(fd);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
}

void linux_bound_arrivals(int fd, int bytes) { setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); }

long linux_receive(int fd, void *to, size_t count) {
  long got;
  do got = linux_call(SYS_recvfrom, fd, (long)to, count, MSG_DONTWAIT, 0, 0);
  while (got == -EINTR);
  return got;
}

long linux_send(int fd, const void *from, size_t count) {
  long sent;
  do sent = linux_call(SYS_sendto, fd, (long)from, count, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
  while (sent == -EINTR);
  return sent;
}

int linux_pipe(int ends[2], int capacity) {
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC)) return -errno;
  // Above what one user may have in pipes, the system gives only a page or two: worse than copying.
  if (fcntl(ends[1], F_SETPIPE_SZ, capacity) < 0 && fcntl(ends[1], F_GETPIPE_SZ) < 65536) {
    close(ends[0]), close(ends[1]);
    return -ENOBUFS;
  }
  return 0;
}

long linux_splice(int from, int to, size_t count) {
  long moved;
  do moved = linux_call(SYS_splice, from, 0, to, 0, count, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  while (moved == -EINTR);
  return moved;
}

int linux_shut_down_sending(int fd) { return shutdown(fd, SHUT_WR) ? -errno : 0; }

int linux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int linux_epoll_add(int epoll, int fd, uint64_t token, int listener) {
  struct epoll_event event = {
      // One listener may be watched by several threads; not all need to wake up for each connection.
      .events = listener ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = token};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int linux_epoll_set(int epoll, int fd, int is_new, unsigned wanted) {
  struct epoll_event event = {
      .events = (wanted & LINUX_READABLE ? EPOLLIN : 0) | (wanted & LINUX_WRITABLE ? EPOLLOUT : 0), .data.u64 = fd};
  return epoll_ctl(epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) ? -errno : 0;
}

int linux_epoll_remove(int epoll, int fd) {
  return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0) ? -errno : 0;
}

_Static_assert(sizeof(struct linux_event) == sizeof(struct epoll_event), "an event is not what the kernel writes");
_Static_assert(offsetof(struct linux_event, token) == offsetof(struct epoll_event, data), "a token is elsewhere");
_Static_assert(LINUX_EVENT_IN == EPOLLIN && LINUX_EVENT_OUT == EPOLLOUT, "the ways of an event are other bits");
_Static_assert(LINUX_READABLE == EPOLLIN && LINUX_WRITABLE == EPOLLOUT >> 1, "readiness is other bits");

struct linux_events *linux_events_create(int limit) {
  struct linux_events *events = malloc(sizeof *events + limit * sizeof(struct linux_event));
  if (events) events->limit = limit;
  return events;
}

void linux_events_free(struct linux_events *events) { free(events); }

int linux_epoll_wait(int epoll, struct linux_events *events, int milliseconds) {
  int count = linux_call(SYS_epoll_pwait, epoll, (long)events->list, events->limit, milliseconds, 0, 0);
  return count == -EINTR ? 0 : count;
}

unsigned linux_event_end(unsigned raw) {
  unsigned ready = 0;
  if (raw & EPOLLIN) ready |= LINUX_READABLE;
  if (raw & EPOLLOUT) ready |= LINUX_WRITABLE;
  if (raw & EPOLLRDHUP) ready |= LINUX_READABLE | LINUX_ENDED;
  if (raw & (EPOLLHUP | EPOLLERR)) ready |= LINUX_READABLE | LINUX_WRITABLE | LINUX_GONE;
  return ready;
}

int linux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
void linux_eventfd_signal(int fd) { (void)!write(fd, &(uint64_t){1}, 8); }
void linux_eventfd_clear(int fd) { uint64_t count; (void)!read(fd, &count, 8); }

uint64_t linux_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return 1024;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

int linux_timer_create(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

void linux_timer_set(int fd, uint64_t milliseconds) {
  struct itimerspec at = {.it_value = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000}};
  timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL);
}

int linux_unshare_descriptors(int *kept, int count) {
  for (int i = 1; i < count; i++)  // few, so the simplest sort
    for (int k = i; k > 0 && kept[k - 1] > kept[k]; k--) {
      int swap = kept[k];
      kept[k] = kept[k - 1], kept[k - 1] = swap;
    }
  // An empty range at the top: only for the table of this thread's own that comes with it.
  if (syscall(SYS_close_range, ~0u, ~0u, 2 /* CLOSE_RANGE_UNSHARE */)) return -errno;
  unsigned from = 3;
  for (int i = 0; i < count; i++) {
    if (kept[i] < 3) continue;
    if ((unsigned)kept[i] > from) syscall(SYS_close_range, from, kept[i] - 1, 0);
    from = kept[i] + 1;
  }
  syscall(SYS_close_range, from, ~0u, 0);
  return 0;
}

int linux_spawn_closing_from(void *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
