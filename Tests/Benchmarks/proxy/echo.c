// echo PORT PATH MILLISECONDS MICROSECONDS: upgrades one connection, sends 64 bytes for so many milliseconds, once every so
// many microseconds, and says after how many each came back: the median and the 99th percentile.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int order(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}

int main(int count, char **words) {
  if (count != 5) return fprintf(stderr, "echo PORT PATH MILLISECONDS MICROSECONDS\n"), 64;
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0), trips = 0, got = 0;
  long lasts = atol(words[3]) * 1000000, pause = atol(words[4]) * 1000, *waited = calloc(lasts / pause + 1, sizeof *waited);
  char text[1024] = {0};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, (struct sockaddr *)&there, sizeof there)) return perror("echo"), 1;
  int n = sprintf(text, "GET %.200s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", words[2]);
  if (send(fd, text, n, 0) < n) return 1;
  for (memset(text, 0, sizeof text); !strstr(text, "\r\n\r\n");) {
    long more = recv(fd, text + got, sizeof text - 1 - got, 0);
    if (more < 1) return fprintf(stderr, "echo: it ended\n"), 1;
    got += more;
  }
  if (strncmp(text, "HTTP/1.1 101", 12)) return fprintf(stderr, "echo: %s\n", text), 1;
  for (long next = now(), end = next + lasts; next < end; next += pause) {
    struct timespec at = {next / 1000000000L, next % 1000000000L};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    long start = now();
    if (send(fd, text, 64, 0) < 64 || recv(fd, text, 64, MSG_WAITALL) < 64) return 1;
    waited[trips++] = now() - start;
    if (next < start - pause) next = start;
  }
  qsort(waited, trips, sizeof *waited, order);
  printf("%.1f %.1f\n", waited[trips / 2] / 1e3, waited[trips * 99 / 100] / 1e3);
}
