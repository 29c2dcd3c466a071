// origin PORT [CERTIFICATE KEY]: what stands behind every proxy here. One thread that answers GET /bulk/N with N bytes,
// /bulk/N/R with N bytes of which the kernel sends R a second, everything else with 1 KiB, and echoes whatever follows a
// request to upgrade. Compiled with -DTLS, and given a certificate, it speaks TLS.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef TLS
#include <openssl/ssl.h>
static SSL_CTX *context;
#endif

enum { SOCKETS = 1 << 16, ROOM = 8192 };

static struct visitor {
  char kept[ROOM];   // the beginning of a request
  int count, echoes;
  long owed;         // bytes of a large answer that are not sent yet
  int goes_on;       // more of them can be sent, after the others had their turn
#ifdef TLS
  SSL *secure;
#endif
} *visitors[SOCKETS];
static char zeros[1 << 18], small[2048];
static int loop, small_count, unpaid[SOCKETS], unpaid_count;

// As send and recv: -1 when there is nothing now.
static long say(int socket, const void *bytes, long count, int flags) {
#ifdef TLS
  SSL *secure = visitors[socket]->secure;
  if (secure) {
    int sent = SSL_write(secure, bytes, count);
    return sent > 0 ? sent : -1;
  }
#endif
  return send(socket, bytes, count, flags | MSG_NOSIGNAL);
}

static long listen_to(int socket, void *bytes, long count) {
#ifdef TLS
  SSL *secure = visitors[socket]->secure;
  if (secure) {
    int got = SSL_read(secure, bytes, count);
    return got > 0 ? got : SSL_get_error(secure, got) == SSL_ERROR_WANT_READ ? -1 : 0;
  }
#endif
  return recv(socket, bytes, count, MSG_DONTWAIT);
}

static void leave(int socket) {
#ifdef TLS
  SSL_free(visitors[socket]->secure);
#endif
  free(visitors[socket]);
  visitors[socket] = NULL;
  close(socket);
}

// Sends a quarter of a MiB of what is owed; the rest when there is room, or when it is this visitor's turn again.
static void pay(int socket) {
  struct visitor *visitor = visitors[socket];
  if (!visitor->owed || visitor->goes_on) return;
  // TLS takes a record at a time.
  for (long left = sizeof zeros; left > 0 && visitor->owed;) {
    long sent = say(socket, zeros, visitor->owed < (long)sizeof zeros ? visitor->owed : (long)sizeof zeros, MSG_DONTWAIT);
    if (sent < 0) return;
    visitor->owed -= sent, left -= sent;
  }
  if (visitor->owed) visitor->goes_on = 1, unpaid[unpaid_count++] = socket;
}

static void pay_in_turn(void) {
  int count = unpaid_count;
  for (int i = 0; i < count; i++) {
    struct visitor *visitor = visitors[unpaid[i]];
    if (!visitor || !visitor->goes_on) continue;
    visitor->goes_on = 0;
    pay(unpaid[i]);
  }
  unpaid_count -= count;
  memmove(unpaid, unpaid + count, unpaid_count * sizeof *unpaid);
}

static int answer(int socket, const char *head) {
  struct visitor *visitor = visitors[socket];
  char text[256];
  if (strcasestr(head, "\r\nupgrade:")) {
    visitor->echoes = 1;
    int n = sprintf(text, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    return say(socket, text, n, 0) == n;
  }
  if (!strncmp(head, "GET /bulk/", 10)) {
    char *end;
    visitor->owed = strtol(head + 10, &end, 10);
    unsigned rate = *end == '/' ? strtoul(end + 1, NULL, 10) : ~0u;
    setsockopt(socket, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof rate);
    int n = sprintf(text, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %ld\r\n\r\n", visitor->owed);
    if (say(socket, text, n, MSG_MORE) < n) return 0;
    pay(socket);
    return 1;
  }
  return say(socket, small, small_count, MSG_DONTWAIT) == small_count;
}

static int hear(int socket) {
  struct visitor *visitor = visitors[socket];
  while (1) {
    long got = listen_to(socket, visitor->kept + visitor->count, ROOM - 1 - visitor->count);
    if (got < 1) return got < 0;
    if (visitor->echoes) {
      if (say(socket, visitor->kept, got, 0) < got) return 0;
      continue;
    }
    visitor->count += got;
    visitor->kept[visitor->count] = 0;
    for (char *end; (end = strstr(visitor->kept, "\r\n\r\n"));) {
      *end = 0;
      if (!answer(socket, visitor->kept)) return 0;
      visitor->count -= end + 4 - visitor->kept;
      memmove(visitor->kept, end + 4, visitor->count + 1);
    }
    if (visitor->count == ROOM - 1) return 0;
  }
}

int main(int count, char **words) {
  if (count != 2 && count != 4) return fprintf(stderr, "origin PORT [CERTIFICATE KEY]\n"), 64;
#ifdef TLS
  if (count == 4) {
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_file(context, words[2], SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, words[3], SSL_FILETYPE_PEM) != 1) return fprintf(stderr, "no identity\n"), 1;
  }
#endif
  small_count = sprintf(small, "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n");
  memset(small + small_count, 'x', 1024), small_count += 1024;
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // What is sent is in the caches still when it is read, as what comes from a network is; not 4 MiB ahead in memory.
  setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &(int){200 << 10}, sizeof(int));
  if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) return perror("origin"), 1;
  loop = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
  while (1) {
    int ready = epoll_wait(loop, events, 256, unpaid_count ? 0 : -1);
    for (int i = 0; i < ready; i++) {
      int socket = events[i].data.fd;
      if (socket == listener) {
        for (int fresh; (fresh = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
          visitors[fresh] = calloc(1, sizeof *visitors[fresh]);
#ifdef TLS
          if (context) {
            visitors[fresh]->secure = SSL_new(context);
            SSL_set_fd(visitors[fresh]->secure, fresh);
            SSL_set_accept_state(visitors[fresh]->secure);
          }
#endif
          struct epoll_event watched = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fresh};
          epoll_ctl(loop, EPOLL_CTL_ADD, fresh, &watched);
        }
      } else {
        pay(socket);
        if (!hear(socket)) leave(socket);
      }
    }
    pay_in_turn();
  }
}
