/* SPDX-License-Identifier: MIT
 *
 * One connection of the admin socket: a line is read, its answer goes out in pieces as fast as it is
 * taken, then it is over, or the next line is read.
 *
 *     question --line--> answer --last piece--> question (top, help, version) or the end
 *
 * Bounds: 256 bytes of question, about 64 KiB of answer at a time, 10 s for a question and 30 s for an
 * answer, and a turn of the loop after 256 KiB. A question that begins with "GET /" is HTTP/1, so that
 * curl --unix-socket reads metrics: its header is skipped, the connection ends after the answer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin_answer.h"
#include "admin_server.h"
#include "runtime/runtime.h"

#define QUESTION_MAX  256u
#define HEADER_MAX    (16u << 10)
#define AHEAD_BYTES   (64u << 10)  /* of an answer that wait for the reader */
#define TURN_BYTES    (256u << 10) /* before others get their turn          */
#define TURN_PIECES   64u          /* the same: a piece may be empty         */
#define QUESTION_TIME (10 * NAVE_SEC)
#define ANSWER_TIME   (30 * NAVE_SEC)

struct nv_admin_client {
    struct nv_admin_server *server;
    struct nv_admin_client *next, *prev; /* in server->clients */
    int fd;
    struct nave_io *io;
    struct nave_timer deadline;
    struct nave_timer soon; /* go on in the next turn */
    /* the question */
    char in[QUESTION_MAX];
    size_t in_len;
    size_t header_len; /* of HTTP, skipped so far */
    uint32_t is_http;
    /* the answer */
    uint32_t has_answer;
    uint32_t is_long; /* it has had its pieces of this turn */
    uint32_t is_last; /* the connection ends when everything is out */
    uint32_t is_broken;
    struct nv_admin_answer answer;
    char *out;
    size_t out_len, out_sent, out_room;
};

/* --- going out ------------------------------------------------------------------------------- */

/* A nave_write_fn. */
static void append(void *arg, const char *text, size_t len)
{
    struct nv_admin_client *c = arg;

    if (c->is_broken)
        return;
    if (len > c->out_room - c->out_len) {
        size_t room = c->out_room ? c->out_room * 2 : 8192;
        char *grown;

        while (room - c->out_len < len)
            room *= 2;
        grown = realloc(c->out, room);
        if (!grown) {
            c->is_broken = 1;
            return;
        }
        c->out = grown;
        c->out_room = room;
    }
    memcpy(c->out + c->out_len, text, len);
    c->out_len += len;
}

static void append_text(struct nv_admin_client *c, const char *text)
{
    append(c, text, strlen(text));
}

/* 1: all of it is out. Errors are the end of the client. */
static int32_t flush(struct nv_admin_client *c)
{
    while (c->out_sent < c->out_len) {
        ssize_t n = send(c->fd, c->out + c->out_sent, c->out_len - c->out_sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0) {
            c->out_sent += (size_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            c->is_broken = 1;
        return 0;
    }
    c->out_len = c->out_sent = 0;
    return 1;
}

/* --- answers --------------------------------------------------------------------------------- */

static void set_deadline(struct nv_admin_client *c, nave_nsec delay);
static void go_on(struct nv_admin_client *c);

static void end_answer(struct nv_admin_client *c)
{
    if (!c->has_answer)
        return;
    c->has_answer = 0;
    nv_admin_answer_end(&c->answer);
}

static void tell_error(struct nv_admin_client *c, const char *status, const char *text)
{
    if (c->is_http) {
        append_text(c, "HTTP/1.0 ");
        append_text(c, status);
        append_text(c, "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n");
    }
    append_text(c, "error: ");
    append_text(c, text);
    append_text(c, "\n");
    c->is_last = 1;
}

static void begin_answer(struct nv_admin_client *c, const char *line, size_t len)
{
    struct nv_why why = {""};

    set_deadline(c, ANSWER_TIME);
    if (nv_admin_ask(c->server->rt, line, len, &c->answer, &why) != NAVE_OK) {
        tell_error(c, "404 Not Found", why.text);
        return;
    }
    c->has_answer = 1;
}

/* Write pieces until there is enough, or no more. */
static void produce(struct nv_admin_client *c)
{
    enum nv_answer_more more = NV_ANSWER_MORE;
    uint32_t left = TURN_PIECES;
    struct nv_out o;

    nv_out_init(&o, append, c);
    while (c->has_answer && more == NV_ANSWER_MORE && c->out_len < AHEAD_BYTES && !c->is_broken) {
        if (left-- == 0) {
            c->is_long = 1;
            return;
        }
        int32_t is_first = !c->answer.has_begun;
        nave_err err;

        if (is_first && c->is_http) {
            append_text(c, "HTTP/1.0 200 OK\r\nContent-Type: ");
            append_text(c, nv_admin_answer_type(&c->answer));
            append_text(c, "\r\nConnection: close\r\n\r\n");
        }
        err = nv_admin_answer_go_on(&c->answer, &o, &more);
        nv_out_flush(&o);
        if (err && is_first)
            c->out_len = c->out_sent; /* the head of HTTP */
        if (err)
            tell_error(c, "503 Service Unavailable", nave_err_text(err));
        if (err || more == NV_ANSWER_DONE) {
            if (!c->answer.is_kept || c->is_http)
                c->is_last = 1;
            end_answer(c);
            set_deadline(c, QUESTION_TIME);
        }
    }
}

/* --- questions ------------------------------------------------------------------------------- */

/* "GET /metrics HTTP/1.1", of `len` bytes: to the question "metrics"; '/' between words is a space. */
static void begin_http(struct nv_admin_client *c, char *line, size_t len)
{
    size_t i, end;

    for (end = 5; end < len && line[end] != ' ' && line[end] != '?'; end++)
        ;
    for (i = 5; i < end; i++)
        if (line[i] == '/')
            line[i] = ' ';
    begin_answer(c, line + 5, end - 5);
}

/* Skip the header behind the first line, which is kept. 1: its end was seen. */
static int32_t skip_header(struct nv_admin_client *c, size_t first)
{
    size_t at = first, i;

    for (i = first; i < c->in_len; i++) {
        size_t len;

        if (c->in[i] != '\n')
            continue;
        len = i - at;
        if (len == 0 || (len == 1 && c->in[at] == '\r'))
            return 1;
        at = i + 1;
    }
    /* What is left of the last line stays; of one that does not fit, its end does. */
    if (at == first && c->in_len == sizeof(c->in) && c->in_len - first > 2)
        at = c->in_len - 2;
    c->header_len += at - first;
    memmove(c->in + first, c->in + at, c->in_len - at);
    c->in_len -= at - first;
    return 0;
}

/* Take a question out of what was read. 1: there was one. */
static int32_t take_question(struct nv_admin_client *c)
{
    char *end = memchr(c->in, '\n', c->in_len);
    size_t len, used;

    if (!end) {
        if (c->in_len == sizeof(c->in)) {
            tell_error(c, "", "a question is one line of at most 255 bytes");
            return 1;
        }
        return 0;
    }
    len = (size_t)(end - c->in);
    used = len + 1;
    if (len > 0 && c->in[len - 1] == '\r')
        len--;
    c->is_http = len > 5 && memcmp(c->in, "GET /", 5) == 0;
    if (c->is_http) {
        if (!skip_header(c, used)) {
            if (c->header_len > HEADER_MAX || used + 4 > sizeof(c->in)) {
                tell_error(c, "431 Request Header Fields Too Large", "the header is too long");
                return 1;
            }
            return 0;
        }
        begin_http(c, c->in, len);
        c->in_len = 0; /* one question a connection */
        return 1;
    }
    begin_answer(c, c->in, len);
    memmove(c->in, c->in + used, c->in_len - used);
    c->in_len -= used;
    return 1;
}

/* 1: something was read. */
static int32_t read_more(struct nv_admin_client *c)
{
    ssize_t n;

    do
        n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        c->in_len += (size_t)n;
        return 1;
    }
    if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
        c->is_broken = 1; /* nothing is lost: everything was answered */
    return 0;
}

/* --- the connection -------------------------------------------------------------------------- */

static void on_soon(struct nave_timer *t, void *arg)
{
    (void)t;
    go_on(arg);
}

/* Do what can be done now. The client may be gone afterwards. */
static void go_on(struct nv_admin_client *c)
{
    struct nave_worker *w = &c->server->handle.pub;
    size_t sent = 0;

    while (!c->is_broken) {
        size_t waiting = c->out_len - c->out_sent;

        if (!flush(c)) {
            if (!c->is_broken)
                nave_io_rearm(c->io, NAVE_IO_WRITE);
            break;
        }
        sent += waiting;
        if (sent >= TURN_BYTES || c->is_long) {
            c->is_long = 0;
            nave_timer_start(w, &c->soon, 0, on_soon, c);
            return;
        }
        if (c->has_answer) {
            produce(c);
        } else if (c->is_last) {
            c->is_broken = 1;
        } else if (!take_question(c) && !read_more(c) && !c->is_broken) {
            nave_io_rearm(c->io, NAVE_IO_READ);
            return;
        }
    }
    if (c->is_broken)
        nv_admin_client_close(c);
}

static void on_io(void *arg, uint32_t ready)
{
    (void)ready;
    go_on(arg);
}

static void on_deadline(struct nave_timer *t, void *arg)
{
    (void)t;
    nv_admin_client_close(arg);
}

static void set_deadline(struct nv_admin_client *c, nave_nsec delay)
{
    nave_timer_start(&c->server->handle.pub, &c->deadline, delay, on_deadline, c);
}

nave_err nv_admin_client_open(struct nv_admin_server *s, int fd)
{
    struct nave_worker *w = &s->handle.pub;
    struct nv_admin_client *c = calloc(1, sizeof(*c));
    nave_err err;

    if (!c)
        return NAVE_ENOMEM;
    c->server = s;
    c->fd = fd;
    err = w->api->io_open(w, fd, on_io, c, &c->io);
    if (err) {
        free(c);
        return err;
    }
    set_deadline(c, QUESTION_TIME);
    c->next = s->clients;
    if (c->next)
        c->next->prev = c;
    s->clients = c;
    s->client_count++;
    return NAVE_OK;
}

void nv_admin_client_close(struct nv_admin_client *c)
{
    struct nv_admin_server *s = c->server;
    struct nave_worker *w = &s->handle.pub;

    end_answer(c);
    nave_timer_stop(w, &c->deadline);
    nave_timer_stop(w, &c->soon);
    w->api->io_close(c->io);
    (void)close(c->fd);
    if (c->prev)
        c->prev->next = c->next;
    else
        s->clients = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->client_count--;
    free(c->out);
    free(c);
}
