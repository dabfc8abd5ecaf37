/* SPDX-License-Identifier: MIT
 *
 * The load client of the benchmarks: bounded, loopback only, and strict about what comes back.
 *
 *     load PORT [-f] [-c CONNECTIONS] [-d DEPTH] (-n REQUESTS | -t SECONDS) [-w SECONDS]
 *     load PORT -i -c CONNECTIONS [-w SECONDS]     one request each, then hold until stdin closes
 *     load -p                                      print the requests
 *
 * Each connection writes DEPTH requests at once, waits for all answers, and goes on: so a server
 * sees one readiness per batch. The 16 requests rotate; -f asks for 16 files of 4 KiB in place of the 16
 * routes. An answer that equals the first one but for its date is checked by comparing; any other is
 * parsed. After an answer with Connection: close a connection is made anew; what was sent behind it is
 * sent again. -w bounds the whole run. One line of JSON is printed; exit 0: every answer was right, 1: not,
 * 2: usage.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "requests.h"

#define CONNECTIONS_MAX 16000
#define DEPTH_MAX       64
#define EVENTS_MAX      256
#define INPUT_MAX       65536
#define ANSWER_MAX      8192
#define FILE_BYTES      4096 /* with -f */
#define DATE_LEN        29   /* "Thu, 01 Jan 2026 00:00:00 GMT" */

/* Latencies: 64 linear steps per power of two, in units of 100 ns. */
#define STEPS   64
#define BUCKETS (STEPS * 32)

struct conn {
    int fd;               /* -1: dead                                    */
    uint32_t next;        /* index of the next request                   */
    uint32_t outstanding; /* answers that are still to come              */
    uint32_t partial_len; /* of an answer whose rest is still to come    */
    const char *out;      /* what is still to be sent of the batch       */
    size_t out_len;
    int64_t began_ns;
    char *partial; /* ANSWER_MAX, made when needed                */
};

/* Options. */
static uint32_t connections = 64;
static uint32_t depth = 1;
static uint64_t requests_max; /* 0: by time */
static double seconds;
static double wait_s = 60;
static int is_idle;
static int is_files; /* 16 files in place of the 16 routes */
static int port;

/* What is asked; and what each answer must carry. */
static const char *workload[REQUEST_COUNT];
static const char *body = BODY;
static size_t body_len = sizeof(BODY) - 1;

/* All requests, twice and more, so that any batch is one piece of it. */
static char *stream;
static size_t offset_of[REQUEST_COUNT + DEPTH_MAX + 1];

/* The answer that came first, to compare with; and where its date is. */
static char model[ANSWER_MAX];
static size_t model_len;
static size_t model_date; /* 0: it has none */

/* Results. */
static struct conn *conns;
static uint64_t issued, answered, errors, bytes_in, reconnects;
static int ep = -1;
static int is_last; /* the answer that was parsed says Connection: close */
static uint32_t live;
static char first_error[200];
static uint64_t histogram[BUCKETS];
static int64_t worst_ns;
static int64_t deadline_ns; /* nothing runs beyond it */
static char input[INPUT_MAX + ANSWER_MAX];

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void fail(struct conn *c, const char *why)
{
    uint64_t lost = c->outstanding ? c->outstanding : 1;

    errors += lost;
    if (!first_error[0])
        snprintf(first_error, sizeof(first_error), "%s", why);
    close(c->fd);
    c->fd = -1;
    c->outstanding = 0;
    live--;
}

static void record(int64_t ns)
{
    uint64_t v = (uint64_t)ns / 100;
    unsigned shift = 0;
    size_t at;

    while (v >> shift >= 2 * STEPS)
        shift++;
    at = (size_t)shift * STEPS + (size_t)(v >> shift);
    histogram[at < BUCKETS ? at : BUCKETS - 1]++;
    if (ns > worst_ns)
        worst_ns = ns;
}

static double percentile_us(double part)
{
    uint64_t total = 0, seen = 0;
    size_t i;

    for (i = 0; i < BUCKETS; i++)
        total += histogram[i];
    for (i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen && (double)seen >= part * (double)total) {
            size_t shift = i < 2 * STEPS ? 0 : i / STEPS - 1;
            uint64_t v = (uint64_t)(i - shift * STEPS) << shift;

            return (double)v / 10.0;
        }
    }
    return 0;
}

/* The value of field `name` in the head, NULL when it is not there exactly once. */
static const char *field(const char *head, const char *end, const char *name)
{
    size_t len = strlen(name);
    const char *found = NULL;
    const char *line = memchr(head, '\n', (size_t)(end - head));

    while (line && ++line < end) {
        if ((size_t)(end - line) > len && !strncasecmp(line, name, len) && line[len] == ':') {
            if (found)
                return NULL;
            found = line + len + 1;
            while (*found == ' ')
                found++;
        }
        line = memchr(line, '\n', (size_t)(end - line));
    }
    return found;
}

/* Parse an answer. Its length, 0 when more must come, -1 with *why when it is wrong. */
static long parse_answer(const char *p, size_t len, const char **why)
{
    const char *end = memmem(p, len, "\r\n\r\n", 4);
    const char *date, *value, *connection, *head_end;

    *why = "no status line of HTTP/1.1 200";
    if (memcmp(p, "HTTP/1.1 200 ", len < 13 ? len : 13))
        return -1;
    *why = "an answer that does not end";
    if (!end)
        return len < ANSWER_MAX ? 0 : -1;
    end += 2; /* behind the last field */
    *why = "no Content-Length, or not that of the body";
    value = field(p, end, "content-length");
    if (!value || (size_t)atol(value) != body_len)
        return -1;
    *why = "no Server, Date or Content-Type, or one twice";
    date = field(p, end, "date");
    if (!date || !field(p, end, "server") || !field(p, end, "content-type"))
        return -1;
    head_end = end;
    end += 2; /* the body */
    if (len - (size_t)(end - p) < body_len)
        return 0;
    *why = "another body";
    if (memcmp(end, body, body_len))
        return -1;
    connection = field(p, head_end, "connection");
    is_last = connection && !strncasecmp(connection, "close", 5);
    if (is_last)
        return (long)((size_t)(end - p) + body_len);
    model_len = (size_t)(end - p) + body_len;
    model_date = (size_t)(date - p);
    memcpy(model, p, model_len);
    return (long)model_len;
}

static long check_answer(const char *p, size_t len, const char **why)
{
    if (model_len && len >= model_len && !memcmp(p, model, model_date)) {
        size_t rest = model_date + DATE_LEN;

        if (!memcmp(p + rest, model + rest, model_len - rest))
            return (long)model_len;
    }
    return parse_answer(p, len, why);
}

/* Requests for /files/00.txt to /files/15.txt, each of which holds the alphabet over and over. */
static void use_files(void)
{
    static const char *const fields[] = {
        "User-Agent: curl/7.88.1\r\nAccept: */*\r\n",
        "User-Agent: Mozilla/5.0 (X11)\r\nAccept: text/html\r\nAccept-Encoding: gzip, br\r\n",
        "Accept: text/plain\r\nReferer: http://www.example.test/docs/\r\nX-Request-Id: 5f2c\r\n",
        "User-Agent: hub/2.4\r\nAccept-Encoding: gzip\r\nCookie: sid=8d41f0; theme=dark\r\n",
    };
    static char texts[REQUEST_COUNT][400];
    static char file[FILE_BYTES];
    size_t i;

    for (i = 0; i < FILE_BYTES; i++)
        file[i] = (char)('a' + i % 26);
    body = file;
    body_len = FILE_BYTES;
    for (i = 0; i < REQUEST_COUNT; i++) {
        snprintf(texts[i], sizeof(texts[i]),
                 "GET /files/%02zu.txt HTTP/1.1\r\nHost: localhost\r\n%s\r\n", i,
                 fields[i % (sizeof(fields) / sizeof(fields[0]))]);
        workload[i] = texts[i];
    }
}

/* Make the batches: any DEPTH requests that follow each other are one piece of `stream`. */
static void make_stream(void)
{
    size_t n = 0, i, at = 0;

    for (i = 0; i < REQUEST_COUNT + DEPTH_MAX; i++)
        n += strlen(workload[i % REQUEST_COUNT]);
    stream = malloc(n + 1);
    if (!stream)
        die("malloc");
    for (i = 0; i < REQUEST_COUNT + DEPTH_MAX; i++) {
        offset_of[i] = at;
        at = (size_t)(stpcpy(stream + at, workload[i % REQUEST_COUNT]) - stream);
    }
    offset_of[i] = at;
}

static void push_out(struct conn *c)
{
    ssize_t put;

    if (!c->out_len)
        return;
    put = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
    if (put < 0) {
        if (errno != EAGAIN && errno != EINTR)
            fail(c, "send failed");
        return;
    }
    c->out += put;
    c->out_len -= (size_t)put;
}

/* Send the next batch, if there is one left. */
static void issue(struct conn *c, int64_t now)
{
    uint64_t n = depth;

    if (requests_max) {
        if (n > requests_max - issued)
            n = requests_max - issued;
    } else if (now >= deadline_ns) {
        n = 0;
    }
    if (!n)
        return;
    issued += n;
    c->out = stream + offset_of[c->next];
    c->out_len = offset_of[c->next + n] - offset_of[c->next];
    c->next = (uint32_t)((c->next + n) % REQUEST_COUNT);
    c->outstanding = (uint32_t)n;
    c->began_ns = now;
    push_out(c);
}

static void connect_one(struct conn *c)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1;

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        die("socket");
    if (connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)))
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    live++;
}

/* Watch both directions of a connection that was just made. */
static void watch(struct conn *c)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};

    ev.data.ptr = c;
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) || epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev))
        die("epoll_ctl");
}

/* The server has said that it closes: begin anew. What was sent behind that is as if never sent. */
static void reconnect(struct conn *c, size_t left)
{
    is_last = 0;
    if (left || ep < 0) {
        fail(c, "bytes behind the last answer of a connection");
        return;
    }
    issued -= c->outstanding;
    c->next = (c->next + REQUEST_COUNT * DEPTH_MAX - c->outstanding) % REQUEST_COUNT;
    c->outstanding = 0;
    c->out_len = 0;
    c->partial_len = 0;
    close(c->fd);
    live--;
    reconnects++;
    connect_one(c);
    watch(c);
}

/* Take the answers out of `n` bytes of input behind what was left over. */
static void take_answers(struct conn *c, size_t n)
{
    const char *p = input + ANSWER_MAX - c->partial_len;
    size_t left = n + c->partial_len;
    const char *why = "";

    memcpy(input + ANSWER_MAX - c->partial_len, c->partial, c->partial_len);
    while (left) {
        long used = check_answer(p, left, &why);

        if (used < 0) {
            fail(c, why);
            return;
        }
        if (!used)
            break;
        if (!c->outstanding) {
            fail(c, "more answers than requests");
            return;
        }
        c->outstanding--;
        answered++;
        p += used;
        left -= (size_t)used;
        if (is_last) {
            reconnect(c, left);
            return;
        }
    }
    if (left && !c->partial)
        c->partial = malloc(ANSWER_MAX);
    if (left > ANSWER_MAX || (left && !c->partial)) {
        fail(c, "an answer that is too long");
        return;
    }
    if (left)
        memcpy(c->partial, p, left);
    c->partial_len = (uint32_t)left;
}

static void on_ready(struct conn *c, int64_t now)
{
    ssize_t n;

    if (c->out_len)
        push_out(c);
    do {
        if (c->fd < 0)
            return;
        n = recv(c->fd, input + ANSWER_MAX, INPUT_MAX, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            fail(c, n ? "connection reset" : "connection closed by the server");
            return;
        }
        bytes_in += (uint64_t)n;
        take_answers(c, (size_t)n);
    } while (n == INPUT_MAX);
    if (c->fd >= 0 && !c->outstanding) {
        record(now - c->began_ns);
        issue(c, now);
    }
}

static void print_result(double elapsed, uint64_t closed)
{
    printf("{\"requests\": %llu, \"errors\": %llu, \"seconds\": %.6f, \"requests_per_s\": %.0f, "
           "\"answer_bytes\": %zu, \"bytes_in\": %llu, \"connections\": %u, \"depth\": %u, "
           "\"reconnects\": %llu, \"closed\": %llu, \"p50_us\": %.1f, \"p90_us\": %.1f, "
           "\"p99_us\": %.1f, "
           "\"p999_us\": %.1f, \"max_us\": %.1f, \"first_error\": \"%s\"}\n",
           (unsigned long long)answered, (unsigned long long)errors, elapsed,
           elapsed > 0 ? (double)answered / elapsed : 0.0, model_len, (unsigned long long)bytes_in,
           connections, depth, (unsigned long long)reconnects, (unsigned long long)closed,
           percentile_us(0.5), percentile_us(0.9), percentile_us(0.99), percentile_us(0.999),
           (double)worst_ns / 1000.0, first_error);
    fflush(stdout);
}

/* The load: connections that write a batch, wait for its answers, and go on. */
static void run_load(void)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t begin, last, hard_end;
    uint32_t i;
    uint32_t stuck = 0;

    ep = epoll_create1(EPOLL_CLOEXEC);
    if (ep < 0)
        die("epoll_create1");
    for (i = 0; i < connections; i++) {
        connect_one(&conns[i]);
        watch(&conns[i]);
        conns[i].next = i % REQUEST_COUNT;
    }
    begin = last = now_ns();
    hard_end = begin + (int64_t)(wait_s * 1e9);
    deadline_ns = begin + (int64_t)(seconds * 1e9);
    for (i = 0; i < connections; i++)
        issue(&conns[i], begin);
    while (live && answered + errors < issued) {
        int n = epoll_wait(ep, events, EVENTS_MAX, 100);
        int64_t now = now_ns();
        int k;

        for (k = 0; k < n; k++) {
            struct conn *c = events[k].data.ptr;

            if (c->fd >= 0 && c->outstanding)
                on_ready(c, now);
        }
        if (n > 0)
            last = now;
        if (now > hard_end)
            break;
    }
    for (i = 0; i < connections; i++)
        stuck += conns[i].fd >= 0 ? conns[i].outstanding : 0;
    if (stuck && !first_error[0])
        snprintf(first_error, sizeof(first_error), "answers that did not come in time");
    errors += stuck;
    print_result((double)(last - begin) / 1e9, 0);
}

/* Many connections: one request each, then silence until stdin closes. */
static void run_idle(void)
{
    struct linger cut = {1, 0}; /* no TIME_WAIT: the next run needs the ports */
    int64_t begin = now_ns();
    int64_t end = begin + (int64_t)(wait_s * 1e9);
    struct pollfd in = {.fd = 0, .events = POLLIN};
    uint64_t closed = 0;
    uint32_t i;

    depth = 1;
    requests_max = connections;
    for (i = 0; i < connections && now_ns() < end; i++) {
        struct conn *c = &conns[i];
        struct timeval patience = {5, 0};

        connect_one(c);
        setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &cut, sizeof(cut));
        c->next = i % REQUEST_COUNT;
        issue(c, now_ns());
        while (c->fd >= 0 && c->outstanding) {
            ssize_t n = recv(c->fd, input + ANSWER_MAX, INPUT_MAX, 0);

            if (n <= 0)
                fail(c, "no answer");
            else
                take_answers(c, (size_t)n);
        }
        if (c->fd >= 0)
            record(now_ns() - c->began_ns);
    }
    print_result((double)(now_ns() - begin) / 1e9, 0);
    while (now_ns() < end) {
        char byte;

        if (poll(&in, 1, 100) > 0 && read(0, &byte, 1) <= 0)
            break;
    }
    for (i = 0; i < connections; i++) {
        char byte;

        if (conns[i].fd >= 0 && recv(conns[i].fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
            closed++;
    }
    print_result((double)(now_ns() - begin) / 1e9, closed);
}

static int usage(void)
{
    fprintf(stderr,
            "usage: load PORT [-f] [-c N] [-d DEPTH] (-n REQUESTS | -t SECONDS) [-w SECONDS]\n"
            "       load PORT -i -c N [-w SECONDS]\n"
            "       load -p\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct rlimit files;
    int opt;
    size_t i;

    while ((opt = getopt(argc, argv, "c:d:n:t:w:fip")) != -1) {
        if (opt == 'c') {
            connections = (uint32_t)atoi(optarg);
        } else if (opt == 'd') {
            depth = (uint32_t)atoi(optarg);
        } else if (opt == 'n') {
            requests_max = (uint64_t)atoll(optarg);
        } else if (opt == 't') {
            seconds = atof(optarg);
        } else if (opt == 'w') {
            wait_s = atof(optarg);
        } else if (opt == 'f') {
            is_files = 1;
        } else if (opt == 'i') {
            is_idle = 1;
        } else if (opt == 'p') {
            for (i = 0; i < REQUEST_COUNT; i++)
                fputs(requests[i], stdout);
            return 0;
        } else {
            return usage();
        }
    }
    if (optind + 1 != argc || (!is_idle && !requests_max && seconds <= 0))
        return usage();
    port = atoi(argv[optind]);
    if (port < 1 || port > 65535 || connections < 1 || connections > CONNECTIONS_MAX || depth < 1 ||
        depth > DEPTH_MAX || wait_s > 600 || seconds > wait_s)
        return usage();
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    conns = calloc(connections, sizeof(*conns));
    if (!conns)
        die("calloc");
    memcpy(workload, requests, sizeof(workload));
    if (is_files)
        use_files();
    make_stream();
    if (is_idle)
        run_idle();
    else
        run_load();
    return errors ? 1 : 0;
}
