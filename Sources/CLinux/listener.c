// How a listener ends without anybody losing a connection.
#include <errno.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include "CLinux.h"

int linux_refuse_newcomers(int listener) {
  // A TCP listener's filter sees packets from the TCP header on: its fourteenth byte holds the flags.
  struct sock_filter code[] = {
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 13},
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x12},      // SYN and ACK
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0x02},      // SYN alone: somebody begins a handshake
      {BPF_RET | BPF_K, 0, 0, 0},                   // not heard
      {BPF_RET | BPF_K, 0, 0, 0xffffffff},
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) ? -errno : 0;
}

int linux_stop_listening(int listener) { return shutdown(listener, SHUT_RDWR) ? -errno : 0; }
