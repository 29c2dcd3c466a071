// delay PORT TARGET MILLISECONDS: a relay from PORT to TARGET that hands on every byte, and every end, after a while.
#define _GNU_SOURCE
#include <arpa/inet.h>
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
enum { SOCKETS = 1 << 16, PORTION = 1 << 18, WINDOW = 64 << 20 };

struct piece {
  struct piece *next;
  long due, count, sent;  // count 0: the end
  char bytes[];
};

static struct side {
  int other, ends;       // ends: bytes no more from here, 1; nor to here, 2
  int readable, writable;
  long under_way;        // read from here, and not yet sent on
  struct piece *first, **last;  // to be sent to here
} *sides[SOCKETS];
static long delay;
static int loop, timer;

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void add(int fd, int other) {
  int on = 1;
  struct side *side = sides[fd] = calloc(1, sizeof *side);
  side->other = other, side->last = &side->first;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd};
  epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static void drop(int fd) {
  struct side *side = sides[fd];
  for (struct piece *piece; (piece = side->first);) side->first = piece->next, free(piece);
  free(side);
  sides[fd] = NULL;
  close(fd);
}

// Reads what may be under way; 0 when the pair is gone.
static void take(int fd) {
  struct side *side = sides[fd], *other = sides[side->other];
  static char bytes[PORTION];
  while (side->readable && !(side->ends & 1) && side->under_way < WINDOW) {
    long got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0) side->readable = 0;
    if (got < 0) return;
    struct piece *piece = malloc(sizeof *piece + got);
    piece->next = NULL, piece->due = now() + delay, piece->count = got, piece->sent = 0;
    memcpy(piece->bytes, bytes, got);
    *other->last = piece, other->last = &piece->next;
    side->under_way += got;
    if (!got) side->ends |= 1;
  }
}

// Sends what is due; when the next is, or 0.
static long give(int fd) {
  struct side *side = sides[fd], *other = sides[side->other];
  long moment = now();
  while (side->first && side->first->due <= moment && side->writable) {
    struct piece *piece = side->first;
    if (piece->count) {
      long sent = send(fd, piece->bytes + piece->sent, piece->count - piece->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0) side->writable = 0;
      if (sent < 0) break;
      piece->sent += sent, other->under_way -= sent;
      if (piece->sent < piece->count) continue;
    } else {
      shutdown(fd, SHUT_WR);
      side->ends |= 2;
    }
    if (!(side->first = piece->next)) side->last = &side->first;
    free(piece);
  }
  return side->first && side->writable ? side->first->due : 0;
}

int main(int count, char **words) {
  if (count != 4) return fprintf(stderr, "delay PORT TARGET MILLISECONDS\n"), 64;
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct sockaddr_in there = here;
  there.sin_port = htons(atoi(words[2])), delay = atol(words[3]) * 1000000;
  int on = 1, most = 0, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) return perror("delay"), 1;
  loop = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
  event.events = EPOLLIN | EPOLLET, event.data.fd = timer;
  epoll_ctl(loop, EPOLL_CTL_ADD, timer, &event);
  while (1) {
    int ready = epoll_wait(loop, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        for (int near; (near = accept4(listener, NULL, NULL, 0)) >= 0;) {
          int far = socket(AF_INET, SOCK_STREAM, 0);
          if (connect(far, (struct sockaddr *)&there, sizeof there)) { close(near), close(far); continue; }
          add(near, far), add(far, near);
          if (most < (near > far ? near : far)) most = near > far ? near : far;
        }
      } else if (fd != timer && sides[fd]) {
        if (events[i].events & ~EPOLLOUT) sides[fd]->readable = 1;
        if (events[i].events & EPOLLOUT) sides[fd]->writable = 1;
        take(fd);
      }
    }
    long next = 0;
    for (int fd = 0; fd <= most; fd++) {
      if (!sides[fd]) continue;
      long due = give(fd);
      take(sides[fd]->other);
      if (due && (!next || due < next)) next = due;
      if (sides[fd]->ends == 3 && sides[sides[fd]->other]->ends == 3) drop(sides[fd]->other), drop(fd);
    }
    struct itimerspec at = {.it_value = {next / 1000000000L, next % 1000000000L}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
  }
}
