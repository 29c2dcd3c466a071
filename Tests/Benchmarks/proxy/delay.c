// delay PORT TARGET MILLISECONDS: a relay from PORT to TARGET that hands on every byte, and every end, after a while. A new
// connection waits a round trip before its first byte is read, which is what TCP's own handshake takes on such a way.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// How much may be under way in one direction: 30 ms of 2 GiB a second.
enum { PORTION = 1 << 18, WINDOW = 64 << 20 };

// One end of a relayed connection.
struct side {
  struct side *other;
  int fd, writable, ended, pieces;  // ended: no more comes from here; pieces: that are to be sent to here
  long under_way;                   // bytes that have come from here and are not sent on
  struct piece *first, **last;      // due to be sent to here, but the kernel has no room
};

// Bytes on their way. Since all take equally long, they are due in the order in which they came.
struct piece {
  struct piece *next;
  struct side *to;
  long due, count, sent;  // count 0: the end
  char bytes[];
};

// A connection that is being made.
struct opening {
  struct opening *next;
  long due;
  int near;
};

static struct piece *first_piece, **last_piece = &first_piece;
static struct opening *first_opening, **last_opening = &first_opening;
static struct side *gone[1 << 16];  // freed at the end of a turn: events of the turn may still name them
static struct sockaddr_in there;
static long delay;
static int loop, gone_count;

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

// A pair is over when both have ended and nothing is under way any more.
static void close_if_over(struct side *a) {
  struct side *b = a->other;
  if (a->fd < 0 || !a->ended || !b->ended || a->pieces || b->pieces) return;
  close(a->fd), close(b->fd);
  a->fd = b->fd = -1;
  gone[gone_count++] = a, gone[gone_count++] = b;
}

// Reads all that may be under way.
static void take(struct side *side) {
  static char bytes[PORTION];
  while (!side->ended && side->under_way < WINDOW) {
    long got = recv(side->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) got = 0;
    struct piece *piece = malloc(sizeof *piece + got);
    *piece = (struct piece){.to = side->other, .due = now() + delay, .count = got};
    memcpy(piece->bytes, bytes, got);
    *last_piece = piece, last_piece = &piece->next;
    side->under_way += got, side->other->pieces++;
    side->ended = !got;
  }
}

// Sends what is due, as far as the kernel takes it.
static void give(struct side *side) {
  struct side *from = side->other;
  while (side->first && side->writable) {
    struct piece *piece = side->first;
    long left = piece->count - piece->sent;
    long sent = left ? send(side->fd, piece->bytes + piece->sent, left, MSG_DONTWAIT | MSG_NOSIGNAL) : shutdown(side->fd, SHUT_WR);
    if (left && sent < 0 && errno == EAGAIN) {
      side->writable = 0;
      return;
    }
    // To one who is gone nothing arrives.
    if (left && sent < 0) sent = left;
    piece->sent += left ? sent : 0;
    if (piece->sent < piece->count) continue;
    int was_full = from->under_way >= WINDOW;
    from->under_way -= piece->count;
    if (!(side->first = piece->next)) side->last = &side->first;
    free(piece), side->pieces--;
    if (was_full) take(from);
  }
  close_if_over(side);
}

static struct side *watched(int fd) {
  int on = 1;
  struct side *side = calloc(1, sizeof *side);
  side->fd = fd, side->last = &side->first;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = side};
  epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
  return side;
}

static void open_pair(int near) {
  int far = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(far, (struct sockaddr *)&there, sizeof there)) {
    close(near), close(far);
    return;
  }
  struct side *a = watched(near), *b = watched(far);
  a->other = b, b->other = a;
}

// Does what is due now; when something is next, or 0.
static long run_due(void) {
  long moment = now();
  for (struct opening *opening; (opening = first_opening) && opening->due <= moment;) {
    if (!(first_opening = opening->next)) last_opening = &first_opening;
    open_pair(opening->near);
    free(opening);
  }
  for (struct piece *piece; (piece = first_piece) && piece->due <= moment;) {
    if (!(first_piece = piece->next)) last_piece = &first_piece;
    piece->next = NULL;
    *piece->to->last = piece, piece->to->last = &piece->next;
    give(piece->to);
  }
  long next = first_piece ? first_piece->due : 0;
  return first_opening && (!next || first_opening->due < next) ? first_opening->due : next;
}

static int listening(int port) {
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) return -1;
  return listener;
}

static void accept_all(int listener) {
  for (int near; (near = accept4(listener, NULL, NULL, 0)) >= 0;) {
    struct opening *opening = malloc(sizeof *opening);
    *opening = (struct opening){.due = now() + 2 * delay, .near = near};
    *last_opening = opening, last_opening = &opening->next;
  }
}

int main(int count, char **words) {
  if (count != 4) return fprintf(stderr, "delay PORT TARGET MILLISECONDS\n"), 64;
  there = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(words[2])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  delay = atol(words[3]) * 1000000;
  int listener = listening(atoi(words[1])), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  if (listener < 0) return perror("delay"), 1;
  loop = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener}, events[256];
  epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
  event = (struct epoll_event){.events = EPOLLIN | EPOLLET, .data.ptr = &timer};
  epoll_ctl(loop, EPOLL_CTL_ADD, timer, &event);
  for (long alarm = 0;;) {
    int ready = epoll_wait(loop, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      struct side *side = events[i].data.ptr;
      if (events[i].data.ptr == &listener) accept_all(listener);
      if (events[i].data.ptr == &timer || events[i].data.ptr == &listener || side->fd < 0) continue;
      // Its partner is set right after both are watched, before any event is waited for.
      if (events[i].events & EPOLLOUT) side->writable = 1;
      if (events[i].events & ~EPOLLOUT) take(side);
      give(side);
    }
    long next = run_due();
    while (gone_count) free(gone[--gone_count]);
    if (next == alarm) continue;
    struct itimerspec at = {.it_value = {next / 1000000000L, next % 1000000000L}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
    alarm = next;
  }
}
