/* Puts a process far away: preloaded, it sends the TCP connections to other operators' ports through forwarders that take
 * their time, and moves the process's own port behind one. The process knows nothing of it. UDP is left alone, so that it
 * is found as before.
 *
 *   FAR_FIRST, FAR_LAST  the operators' TCP ports
 *   FAR_OUT              added to the port of an outgoing connection: there is a forwarder
 *   FAR_IN               added to the port that is listened on: behind the forwarder at the announced one
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int number(const char *name) {
  const char *text = getenv(name);
  return text ? atoi(text) : 0;
}

static int is_operator_port(int port) { return port >= number("FAR_FIRST") && port <= number("FAR_LAST"); }

static int is_tcp(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/* A copy of an IPv4 address whose operator port is moved by `shift`; 0 when it is none. */
static int moved(int fd, const struct sockaddr *address, socklen_t size, int shift, struct sockaddr_in *copy) {
  if (!address || address->sa_family != AF_INET || size < sizeof *copy || !is_tcp(fd)) return 0;
  memcpy(copy, address, sizeof *copy);
  if (!is_operator_port(ntohs(copy->sin_port))) return 0;
  copy->sin_port = htons(ntohs(copy->sin_port) + shift);
  return 1;
}

int connect(int fd, const struct sockaddr *address, socklen_t size) {
  int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
  struct sockaddr_in copy;
  if (moved(fd, address, size, number("FAR_OUT"), &copy)) return real(fd, (struct sockaddr *)&copy, sizeof copy);
  return real(fd, address, size);
}

int bind(int fd, const struct sockaddr *address, socklen_t size) {
  int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
  struct sockaddr_in copy;
  if (moved(fd, address, size, number("FAR_IN"), &copy)) return real(fd, (struct sockaddr *)&copy, sizeof copy);
  return real(fd, address, size);
}

/* The process is told the port that it asked for, or it would tell its peers of the other one. */
int getsockname(int fd, struct sockaddr *address, socklen_t *size) {
  int (*real)(int, struct sockaddr *, socklen_t *) = dlsym(RTLD_NEXT, "getsockname");
  int result = real(fd, address, size);
  struct sockaddr_in *known = (struct sockaddr_in *)address;
  if (result == 0 && address->sa_family == AF_INET && is_tcp(fd)) {
    int port = ntohs(known->sin_port) - number("FAR_IN");
    if (is_operator_port(port)) known->sin_port = htons(port);
  }
  return result;
}
