#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// Linux's Documentation/networking/tls.rst.
#ifndef SOL_TLS
#define SOL_TLS 282
#endif

int linux_tls_is_offered(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  // Only a connection can have it; a kernel without it does not come so far as to say that.
  int is_offered = !setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3) || errno == ENOTCONN;
  close(fd);
  return is_offered;
}

union linux_tls_description {
  struct tls_crypto_info head;
  struct tls12_crypto_info_aes_gcm_128 aes128;
  struct tls12_crypto_info_aes_gcm_256 aes256;
  struct tls12_crypto_info_chacha20_poly1305 chacha20;
};

static void linux_tls_number(unsigned char *to, uint64_t number) {
  for (int i = 7; i >= 0; i--, number >>= 8) to[i] = number;
}

// What is salt and iv to the kernel are the two parts of the nonce.
static socklen_t linux_tls_describe(const struct linux_record_keys *keys, union linux_tls_description *out) {
  memset(out, 0, sizeof *out);
  out->head.version = TLS_1_3_VERSION;
  switch (keys->cipher) {
    case 0x1301:
      out->head.cipher_type = TLS_CIPHER_AES_GCM_128;
      memcpy(out->aes128.key, keys->key, 16);
      memcpy(out->aes128.salt, keys->nonce, 4), memcpy(out->aes128.iv, keys->nonce + 4, 8);
      linux_tls_number(out->aes128.rec_seq, keys->number);
      return sizeof out->aes128;
    case 0x1302:
      out->head.cipher_type = TLS_CIPHER_AES_GCM_256;
      memcpy(out->aes256.key, keys->key, 32);
      memcpy(out->aes256.salt, keys->nonce, 4), memcpy(out->aes256.iv, keys->nonce + 4, 8);
      linux_tls_number(out->aes256.rec_seq, keys->number);
      return sizeof out->aes256;
    case 0x1303:
      out->head.cipher_type = TLS_CIPHER_CHACHA20_POLY1305;
      memcpy(out->chacha20.key, keys->key, 32), memcpy(out->chacha20.iv, keys->nonce, 12);
      linux_tls_number(out->chacha20.rec_seq, keys->number);
      return sizeof out->chacha20;
    default: return 0;
  }
}

int linux_tls_send_with(int fd, const struct linux_record_keys *keys) {
  union linux_tls_description description;
  socklen_t count = linux_tls_describe(keys, &description);
  int code = !count ? -EINVAL
             : setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3) && errno != EEXIST ? -errno
             : setsockopt(fd, SOL_TLS, TLS_TX, &description, count) ? -errno : 0;
  explicit_bzero(&description, sizeof description);
  return code;
}

long linux_tls_alert(int fd, uint8_t level, uint8_t description) {
  uint8_t alert[2] = {level, description};
  char control[CMSG_SPACE(1)] = {0};
  struct iovec part = {alert, 2};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *type = CMSG_FIRSTHDR(&message);
  type->cmsg_level = SOL_TLS, type->cmsg_type = TLS_SET_RECORD_TYPE, type->cmsg_len = CMSG_LEN(1);
  *CMSG_DATA(type) = 21;  // RFC 8446 5.1: alert
  long sent;
  do sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

int linux_unconfirmed(int fd) {
  int count = 0;
  return ioctl(fd, SIOCOUTQ, &count) ? 0 : count;
}
