/* SPDX-License-Identifier: MIT
 *
 * What the two limit servers share: the canned response, the listener, and what is done when a
 * connection is ready. Each of them adds only the way in which readiness is learnt.
 */
#ifndef BENCH_LIMIT_H
#define BENCH_LIMIT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_READ_MAX  65536 /* one recv                                                     */
#define LIMIT_BATCH_MAX 1024  /* answers laid out side by side, so that a batch is one send   */

#define LIMIT_TAIL 3 /* CR LF CR LF less one                                          */

struct limit_conn {
    int fd;
    char tail[LIMIT_TAIL]; /* the last bytes read: a head may end across two reads */
    size_t owed;           /* bytes of answers that the socket has not taken yet   */
};

static volatile sig_atomic_t limit_stopped;
static char *limit_answers; /* LIMIT_BATCH_MAX copies                                       */
static size_t limit_answer_len;
static char limit_input[LIMIT_TAIL + LIMIT_READ_MAX];

static inline void limit_on_term(int signo)
{
    (void)signo;
    limit_stopped = 1;
}

static inline void limit_fail(const char *what)
{
    perror(what);
    exit(1);
}

/* The bytes that Nave answers to a request of the benchmark, or those of `path`. */
static inline void limit_load_answer(const char *path)
{
    static char answer[4096] = "HTTP/1.1 200 OK\r\n"
                               "Server: nave\r\n"
                               "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Length: 13\r\n"
                               "\r\n"
                               "Hello, World!";
    size_t i;

    limit_answer_len = strlen(answer);
    if (path) {
        FILE *f = fopen(path, "rb");

        if (!f)
            limit_fail(path);
        limit_answer_len = fread(answer, 1, sizeof(answer), f);
        fclose(f);
    }
    limit_answers = malloc(limit_answer_len * LIMIT_BATCH_MAX);
    if (!limit_answers)
        limit_fail("malloc");
    for (i = 0; i < LIMIT_BATCH_MAX; i++)
        memcpy(limit_answers + i * limit_answer_len, answer, limit_answer_len);
}

/* Read the arguments and listen on 127.0.0.1. */
static inline int limit_listen(int argc, char **argv)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t len = sizeof(addr);
    struct sigaction act;
    int one = 1;
    int fd;

    if (argc < 2) {
        fprintf(stderr, "usage: %s PORT [RESPONSE-FILE]\n", argv[0]);
        exit(2);
    }
    limit_load_answer(argc > 2 ? argv[2] : NULL);
    memset(&act, 0, sizeof(act));
    act.sa_handler = limit_on_term; /* without SA_RESTART: the wait ends */
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGINT, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    addr.sin_port = htons((uint16_t)atoi(argv[1]));
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        limit_fail("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* accepted ones inherit it */
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)&addr, &len))
        limit_fail("bind");
    printf("%d\n", ntohs(addr.sin_port));
    fflush(stdout);
    return fd;
}

static inline struct limit_conn *limit_conn_new(int fd)
{
    struct limit_conn *c = calloc(1, sizeof(*c));

    if (c)
        c->fd = fd;
    return c;
}

/* Count the ends of heads in [p, end): a plain loop over the bytes, the least that any server does
 * with a request. Three bytes before `p` may be read. Where the compiler puts this loop makes it up
 * to twice as slow; a function of its own at a fixed alignment is equally fast in every server. */
__attribute__((noinline, aligned(64))) static size_t limit_scan(const char *p, const char *end)
{
    size_t heads = 0;

    for (; p < end; p++) {
        if (*p == '\n' && p[-1] == '\r' && p[-2] == '\n' && p[-3] == '\r')
            heads++;
    }
    return heads;
}

/* Count the ends of heads in `n` bytes of input; one may have begun in the bytes before. */
static inline size_t limit_count_heads(struct limit_conn *c, size_t n)
{
    /* limit_input[0 ... 2] are the last bytes of the read before. */
    const char *p = limit_input + LIMIT_TAIL;
    size_t heads;

    memcpy(limit_input, c->tail, LIMIT_TAIL);
    heads = limit_scan(p, p + n);
    memcpy(c->tail, p + n - LIMIT_TAIL, LIMIT_TAIL);
    return heads;
}

/* Send what is owed, as far as the socket takes it. 0, or -1 when the connection is dead. */
static inline int limit_send(struct limit_conn *c)
{
    while (c->owed) {
        /* Begin in the middle of an answer when the last send did. */
        size_t skip = (limit_answer_len - c->owed % limit_answer_len) % limit_answer_len;
        size_t room = LIMIT_BATCH_MAX * limit_answer_len - skip;
        size_t want = c->owed < room ? c->owed : room;
        ssize_t put = send(c->fd, limit_answers + skip, want, MSG_NOSIGNAL);

        if (put < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        c->owed -= (size_t)put;
        if ((size_t)put < want)
            return 0;
    }
    return 0;
}

/* The connection is ready: read, answer. 0, or -1 when it is over. */
static inline int limit_conn_ready(struct limit_conn *c)
{
    ssize_t n;

    do {
        n = recv(c->fd, limit_input + LIMIT_TAIL, LIMIT_READ_MAX, 0);
        if (n == 0)
            return -1;
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR)
                return -1;
            return c->owed ? limit_send(c) : 0;
        }
        c->owed += limit_count_heads(c, (size_t)n) * limit_answer_len;
        if (c->owed && limit_send(c))
            return -1;
    } while (n == LIMIT_READ_MAX); /* a short read has drained the socket */
    return 0;
}

#endif
