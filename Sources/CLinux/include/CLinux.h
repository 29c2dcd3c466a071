// Linux calls that Swift cannot make as they are: epoll, eventfd and accept4 are missing from its Glibc module, and
// socket addresses are unions behind casts there. A call returns its result, or minus the error number.
//
// No system header is included here: one that Glibc's module also has would be defined twice for Swift.
#ifndef ORRERY_CLINUX_H
#define ORRERY_CLINUX_H

#include <stddef.h>
#include <stdint.h>

// An IP address and port. An IPv4 address is kept in its IPv6-mapped form (::ffff:a.b.c.d), so that there is one kind.
struct linux_address {
  uint64_t high;  // both halves in network byte order, as they lie in memory
  uint64_t low;
  uint16_t port;  // in host byte order
  uint32_t peer;  // no part of the address: its owner's, in room that would be lost to alignment
};

// An event as the kernel writes it: without a gap on x86-64, with one elsewhere (epoll_event of <sys/epoll.h>).
#if defined(__x86_64__)
struct __attribute__((packed)) linux_event {
#else
struct linux_event {
#endif
  uint32_t ways;
  uint64_t token;
};

// What the events of one wait are kept in.
struct linux_events {
  int limit;
  struct linux_event list[];
};

enum {
  LINUX_READABLE = 1,  // bytes, an end or an error can be read
  LINUX_WRITABLE = 2,
  LINUX_ENDED = 4,     // the peer has sent its last byte
  LINUX_GONE = 8,      // reset, or closed in both directions
};

int linux_address_is_v4(struct linux_address a);
// The first address of a name or literal; 0, or an EAI_ code.
int linux_resolve(const char *host, uint16_t port, struct linux_address *out);
enum linux_sharing {
  LINUX_ALONE,   // nobody else has the port
  LINUX_FIRST,   // nobody else has it yet; sockets that are LINUX_SHARED may follow
  LINUX_SHARED,  // only those that say the same, or were first, have it
};
// A listening socket that does not block.
int linux_listen(struct linux_address a, enum linux_sharing sharing, int backlog);
uint16_t linux_bound_port(int fd);
// From now on the listener does not hear who begins a handshake; those that have begun go on. Who is not heard asks again
// after a second, and is then refused, or heard by another listener of the port.
int linux_refuse_newcomers(int listener);
// From now on connections are refused. What is queued and not yet accepted is reset.
int linux_stop_listening(int listener);
int linux_accept(int listener, struct linux_address *peer);
// A socket that is connected or connecting: `*connecting` says which.
int linux_connect(struct linux_address a, int *connecting);
// The same for a socket in the file system: `length` bytes of path. It is connected at once or not at all.
int linux_connect_unix(const char *path, size_t length);
int linux_listen_unix(const char *path, size_t length, int backlog);
int linux_socket_error(int fd);
// From now on close() sends a reset, so that a body cut short cannot look complete.
void linux_reset_on_close(int fd);
// Small messages go at once, and a peer that is gone is found out within a minute while no bytes are on their way.
void linux_keep_alive(int fd);
// The same, and within twenty seconds when bytes are. A peer that only takes nothing counts as gone, too (tcp(7), TCP_USER_TIMEOUT).
void linux_watch_over(int fd);
// Lets about so many bytes arrive before they are read; the kernel decides itself otherwise (socket(7), SO_RCVBUF).
void linux_bound_arrivals(int fd, int bytes);
long linux_receive(int fd, void *to, size_t count);
long linux_send(int fd, const void *from, size_t count);
// A pipe whose ends do not block, as large as `capacity` where the system allows it: `ends[0]` is read. -ENOBUFS when
// it allows hardly anything.
int linux_pipe(int ends[2], int capacity);
// Moves bytes between a pipe and a socket without copying them; 0 when the socket has ended.
long linux_splice(int from, int to, size_t count);
int linux_shut_down_sending(int fd);
int linux_epoll_create(void);
// Watches for everything, edge triggered, once and for all; a listener is level triggered and only readable.
int linux_epoll_add(int epoll, int fd, uint64_t token, int listener);
// Watches for what is wanted now, LINUX_READABLE and LINUX_WRITABLE, level triggered; the token is the descriptor.
int linux_epoll_set(int epoll, int fd, int is_new, unsigned wanted);
int linux_epoll_remove(int epoll, int fd);
struct linux_events *linux_events_create(int limit);
void linux_events_free(struct linux_events *events);
int linux_epoll_wait(int epoll, struct linux_events *events, int milliseconds);
// Of the first `limit` events. Here, so that no call is needed: every event is looked at twice.
static inline uint64_t linux_event_token(const struct linux_events *events, int index) {
  return events->list[index].token;
}
// EPOLLIN and EPOLLOUT, the ways that an event mostly has, are one bit each in both words; others mean that an end came.
enum { LINUX_EVENT_IN = 1, LINUX_EVENT_OUT = 4 };
unsigned linux_event_end(unsigned ways);
static inline unsigned linux_event_readiness(const struct linux_events *events, int index) {
  unsigned ways = events->list[index].ways;
  if (ways & ~(LINUX_EVENT_IN | LINUX_EVENT_OUT)) return linux_event_end(ways);
  return (ways & LINUX_EVENT_IN) | (ways & LINUX_EVENT_OUT) >> 1;
}
int linux_eventfd(void);
void linux_eventfd_signal(int fd);
void linux_eventfd_clear(int fd);
// The number of descriptors this process may have, after asking for all that the system allows.
uint64_t linux_raise_descriptor_limit(void);
// A timer whose descriptor becomes readable at a moment of the monotonic clock.
int linux_timer_create(void);
void linux_timer_set(int fd, uint64_t milliseconds);
// Gives the calling thread a table of descriptors of its own, with `kept` and the standard three in it. `kept` is sorted.
int linux_unshare_descriptors(int *kept, int count);
// Lets the program that is started with `actions`, a posix_spawn_file_actions_t, close its descriptors from `first` on.
// 0 or an error number.
int linux_spawn_closing_from(void *actions, int first);

// Two ends of a channel that carries messages of 16 bytes between threads, and with them descriptors.
int linux_channel(int ends[2]);
// `fd` may be -1 for none. The receiver gets a descriptor of its own; the sender keeps his.
int linux_channel_send(int channel, uint64_t token, uint64_t word, int fd);
// 1 and a message, 0 when there is none now, or minus an error number; -ECONNRESET when the other end is closed.
int linux_channel_receive(int channel, uint64_t *token, uint64_t *word, int *fd);

// With what the kernel encrypts the records of TLS 1.3 that a connection sends: one of the ciphers of RFC 8446 B.4.
struct linux_record_keys {
  uint16_t cipher;
  uint8_t key[32];
  uint8_t nonce[12];
  uint64_t number;  // of the next record
};
// Whether this kernel can do that, with some cipher at least.
int linux_tls_is_offered(void);
// All that is sent from now on is encrypted. On failure nothing has changed.
int linux_tls_send_with(int fd, const struct linux_record_keys *keys);
// Sends an alert of two bytes: 2, or minus an error number.
long linux_tls_alert(int fd, uint8_t level, uint8_t description);
// How many bytes the other side has not confirmed yet.
int linux_unconfirmed(int fd);

#endif
