// relay PORT ORIGIN-PORT: the floor. One thread that moves bytes between two sockets and reads none of them: what is
// left to pay when a proxy does nothing. Short messages are received and sent; a stream that fills the buffer goes
// through a pipe from then on.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS = 1 << 16, SHORT = 1 << 14, LONG = 1 << 18 };

static struct side {
  int other;     // the socket its bytes go to
  int pipe[2];   // what they go through, once they are many
  long held;     // how many are in it
} sides[SOCKETS];
static int loop;
static char bytes[SHORT];

static void watch(int socket) {
  int on = 1;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = socket};
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_ctl(loop, EPOLL_CTL_ADD, socket, &event);
}

static void end(int socket) {
  int both[2] = {socket, sides[socket].other};
  for (int i = 0; i < 2; i++) {
    struct side *side = &sides[both[i]];
    if (side->pipe[0]) close(side->pipe[0]), close(side->pipe[1]);
    *side = (struct side){0};
    close(both[i]);
  }
}

// Moves what there is from a socket to its other side; 0 when the connection is over.
static int move(int from) {
  struct side *side = &sides[from];
  const unsigned how = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;
  while (1) {
    while (side->held) {
      long sent = splice(side->pipe[0], NULL, side->other, NULL, side->held, how);
      if (sent < 1) return 1;
      side->held -= sent;
    }
    if (side->pipe[0]) {
      long got = splice(from, NULL, side->pipe[1], NULL, LONG, how);
      if (got < 1) return got < 0;
      side->held = got;
      continue;
    }
    long got = recv(from, bytes, SHORT, MSG_DONTWAIT);
    if (got < 1) return got < 0;
    if (send(side->other, bytes, got, MSG_DONTWAIT | MSG_NOSIGNAL) < got) return 0;
    if (got < SHORT) return 1;
    if (pipe2(side->pipe, O_NONBLOCK)) return 0;
    fcntl(side->pipe[1], F_SETPIPE_SZ, LONG);
  }
}

static void welcome(int listener, struct sockaddr_in *origin) {
  for (int client; (client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    int upstream = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(upstream, (struct sockaddr *)origin, sizeof *origin)) {
      close(client), close(upstream);
      continue;
    }
    fcntl(upstream, F_SETFL, O_NONBLOCK);
    sides[client] = (struct side){.other = upstream};
    sides[upstream] = (struct side){.other = client};
    watch(client), watch(upstream);
  }
}

int main(int count, char **words) {
  if (count != 3) return fprintf(stderr, "relay PORT ORIGIN-PORT\n"), 64;
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct sockaddr_in origin = here;
  origin.sin_port = htons(atoi(words[2]));
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) return perror("relay"), 1;
  loop = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
  while (1) {
    int ready = epoll_wait(loop, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      int socket = events[i].data.fd;
      if (socket == listener) { welcome(listener, &origin); continue; }
      if (!sides[socket].other) continue;
      int lives = events[i].events & EPOLLIN ? move(socket) : 1;
      if (lives && events[i].events & EPOLLOUT && sides[sides[socket].other].held) lives = move(sides[socket].other);
      if (!lives) end(socket);
    }
  }
}
