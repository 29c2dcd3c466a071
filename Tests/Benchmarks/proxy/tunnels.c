// tunnels PORT COUNT BUSY SECONDS: opens COUNT upgraded connections through a proxy, says "open N", waits for a line,
// sends 64 bytes to and fro on BUSY of them for SECONDS, and says "trips N failed M".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int tunnel(int port) {
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0), got = 0;
  char text[1024];
  struct timeval patience = {10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int n = sprintf(text, "GET /user/u42/api/kernels/1/channels HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", port);
  if (connect(fd, (struct sockaddr *)&there, sizeof there) || send(fd, text, n, MSG_NOSIGNAL) < n) return -1;
  while (got < 1000) {
    long more = recv(fd, text + got, 1000 - got, 0);
    if (more < 1) return -1;
    text[got += more] = 0;
    if (strstr(text, "\r\n\r\n")) return strncmp(text, "HTTP/1.1 101", 12) ? -1 : fd;
  }
  return -1;
}

int main(int count, char **words) {
  if (count != 5) return fprintf(stderr, "tunnels PORT COUNT BUSY SECONDS\n"), 64;
  int wanted = atoi(words[2]), busy = atoi(words[3]), open = 0;
  double seconds = atof(words[4]);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit), limit.rlim_cur = limit.rlim_max, setrlimit(RLIMIT_NOFILE, &limit);
  int *all = calloc(wanted, sizeof *all), loop = epoll_create1(0);
  char ping[64] = "ping", text[4096];
  while (open < wanted && (all[open] = tunnel(atoi(words[1]))) >= 0) open++;
  printf("open %d\n", open), fflush(stdout);
  if (!fgets(text, sizeof text, stdin)) return 1;
  long trips = 0, failed = 0;
  for (int i = 0; i < busy && i < open; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = all[i]};
    epoll_ctl(loop, EPOLL_CTL_ADD, all[i], &event);
    failed += send(all[i], ping, sizeof ping, MSG_NOSIGNAL) != sizeof ping;
  }
  struct epoll_event events[256];
  for (double end = now() + seconds; now() < end;) {
    int ready = epoll_wait(loop, events, 256, 100);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      long got = recv(fd, text, sizeof text, MSG_DONTWAIT);
      if (got != sizeof ping) { failed++; epoll_ctl(loop, EPOLL_CTL_DEL, fd, NULL); continue; }
      trips++;
      failed += send(fd, ping, sizeof ping, MSG_NOSIGNAL) != sizeof ping;
    }
  }
  printf("trips %ld failed %ld\n", trips, failed);
}
