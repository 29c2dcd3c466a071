#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int linux_connect_unix(const char *path, size_t length) {
  struct sockaddr_un place = {.sun_family = AF_UNIX};
  if (length >= sizeof place.sun_path) return -ENAMETOOLONG;
  memcpy(place.sun_path, path, length);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (connect(fd, (struct sockaddr *)&place, sizeof place)) {
    int code = errno;
    close(fd);
    return -code;
  }
  return fd;
}

int linux_listen_unix(const char *path, size_t length, int backlog) {
  struct sockaddr_un place = {.sun_family = AF_UNIX};
  if (length >= sizeof place.sun_path) return -ENAMETOOLONG;
  memcpy(place.sun_path, path, length);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (bind(fd, (struct sockaddr *)&place, sizeof place) || listen(fd, backlog)) {
    int code = errno;
    close(fd);
    return -code;
  }
  return fd;
}

int linux_channel(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) ? -errno : 0;
}

int linux_channel_send(int channel, uint64_t token, uint64_t word, int fd) {
  uint64_t words[2] = {token, word};
  struct iovec part = {words, sizeof words};
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {0};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (fd >= 0) {
    message.msg_control = control.bytes, message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  ssize_t sent;
  do sent = sendmsg(channel, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

int linux_channel_receive(int channel, uint64_t *token, uint64_t *word, int *fd) {
  uint64_t words[2] = {0};
  struct iovec part = {words, sizeof words};
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {0};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t got;
  do got = recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0) return errno == EAGAIN ? 0 : -errno;
  if (got == 0) return -ECONNRESET;
  *token = words[0], *word = words[1], *fd = -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
    memcpy(fd, CMSG_DATA(header), sizeof *fd);
  return 1;
}
