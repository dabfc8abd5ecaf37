/* SPDX-License-Identifier: MIT
 *
 * See client.h. Two watches, one function: send what is to be sent, read what is there, judge it.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char hello[] = "Hello, World!\n";

static void end(struct client *c, enum client_state state, nave_err err, const char *why)
{
    if (c->state != CLIENT_RUNS)
        return;
    c->state = state;
    c->err = err;
    c->why = why;
    c->sim->api->note(c->sim, (uint64_t)state << 32 | (uint32_t)err);
    nave_stream_close(c->stream, state == CLIENT_DONE ? 0 : NAVE_CLOSE_ABORT);
    c->stream = NULL;
}

static char body_byte(const struct client *c, size_t i)
{
    return (char)('a' + (c->body_seed + i * 7) % 26);
}

static void next_request(struct client *c)
{
    struct nave_sim *s = c->sim;
    size_t i;
    int len;

    c->out_at = c->in_len = 0;
    c->is_waiting = 1;
    c->is_post = s->api->random(s, 2) == 1;
    c->body_len = 0;
    if (!c->is_post) {
        c->out_len =
            (size_t)snprintf(c->out, sizeof(c->out), "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        return;
    }
    c->body_len = (size_t)s->api->random(s, s->api->random(s, 4) ? 200 : CLIENT_BODY_MAX);
    c->body_seed = (uint8_t)s->api->random(s, 26);
    len = snprintf(c->out, sizeof(c->out),
                   "POST /echo/x HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", c->body_len);
    for (i = 0; i < c->body_len; i++)
        c->out[(size_t)len + i] = body_byte(c, i);
    c->out_len = (size_t)len + c->body_len;
}

/* The value of field `name` in the head that ends at `stop`, or NULL. */
static const char *field(const char *head, const char *stop, const char *name)
{
    const char *line = strstr(head, "\r\n");
    size_t len = strlen(name);

    for (; line && line < stop; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':')
            return line + 3 + len;
    return NULL;
}

/* Judge the answer in c->in, which is complete; its body has `len` bytes at `body`. */
static void judge(struct client *c, int status, const char *body, size_t len)
{
    size_t i;

    if (status >= 500 && status <= 599) {
        end(c, CLIENT_SHED, NAVE_OK, NULL);
        return;
    }
    if (status != 200) {
        end(c, CLIENT_WRONG, status, "a status that is not 200");
        return;
    }
    if (!c->is_post && (len != sizeof(hello) - 1 || memcmp(body, hello, len) != 0)) {
        end(c, CLIENT_WRONG, NAVE_OK, "not the text of /hello");
        return;
    }
    for (i = 0; c->is_post && i < len && len == c->body_len; i++)
        if (body[i] != body_byte(c, i))
            break;
    if (c->is_post && (len != c->body_len || i != len)) {
        end(c, CLIENT_WRONG, NAVE_OK, "not the body that was sent");
        return;
    }
    c->is_waiting = 0;
    if (++c->answered == c->requests)
        end(c, CLIENT_DONE, NAVE_OK, NULL);
}

/* Look for a whole answer in c->in. */
static void look(struct client *c)
{
    char *stop;
    const char *value;
    size_t head, len;
    int status = 0;

    c->in[c->in_len] = '\0';
    stop = strstr(c->in, "\r\n\r\n");
    if (!stop) {
        if (c->in_len > 4000)
            end(c, CLIENT_WRONG, NAVE_OK, "a head without an end");
        return;
    }
    head = (size_t)(stop - c->in) + 4;
    if (sscanf(c->in, "HTTP/1.1 %3d ", &status) != 1) {
        end(c, CLIENT_WRONG, NAVE_OK, "not HTTP");
        return;
    }
    value = field(c->in, stop, "Content-Length");
    len = value ? (size_t)strtoul(value, NULL, 10) : 0;
    if (c->in_len - head < len)
        return;
    if (c->in_len - head > len) {
        end(c, CLIENT_WRONG, NAVE_OK, "more than one answer");
        return;
    }
    judge(c, status, c->in + head, len);
}

static void send_out(struct client *c)
{
    size_t done;
    nave_err err;

    while (c->state == CLIENT_RUNS && c->out_at < c->out_len) {
        err = nave_stream_write(c->stream, c->out + c->out_at, c->out_len - c->out_at, &done);
        if (err == NAVE_EAGAIN)
            return;
        if (err) {
            end(c, CLIENT_BROKE, err, NULL);
            return;
        }
        c->out_at += done;
    }
}

/* Bounded by the requests: each is answered once. */
static void go_on(void *arg)
{
    struct client *c = arg;
    size_t got;
    nave_err err;

    while (c->state == CLIENT_RUNS) {
        if (!c->is_waiting && c->requests)
            next_request(c);
        send_out(c);
        if (c->state != CLIENT_RUNS)
            return;
        if (c->in_len == sizeof(c->in) - 1) {
            end(c, CLIENT_WRONG, NAVE_OK, "an answer that is too long");
            return;
        }
        err = nave_stream_read(c->stream, c->in + c->in_len, sizeof(c->in) - 1 - c->in_len, &got);
        if (err == NAVE_EAGAIN)
            return;
        if (err) {
            end(c, CLIENT_BROKE, err, NULL);
            return;
        }
        c->in_len += got;
        look(c);
    }
}

struct start {
    struct client *c;
    const char *address;
};

static void start_here(struct nave_worker *w, void *arg)
{
    const struct start *start = arg;
    struct client *c = start->c;
    struct nave_str address = {start->address, strlen(start->address)};

    c->err = c->sim->api->connect(c->sim, w->index, address, &c->stream);
    if (c->err)
        return;
    nave_stream_watch(c->stream, NAVE_STREAM_READ, go_on, c);
    nave_stream_watch(c->stream, NAVE_STREAM_WRITE, go_on, c);
    go_on(c);
}

nave_err client_start(struct client *c, struct nave_sim *sim, uint32_t worker, const char *address,
                      uint32_t requests)
{
    struct start start = {c, address};
    nave_err err;

    memset(c, 0, offsetof(struct client, out));
    c->sim = sim;
    c->worker = worker;
    c->requests = requests;
    err = sim->api->call(sim, worker, start_here, &start);
    return err ? err : c->stream || c->state ? NAVE_OK : c->err;
}

int32_t client_is_over(const struct client *c)
{
    return c->stream == NULL;
}

static void stop_here(struct nave_worker *w, void *arg)
{
    (void)w;
    end(arg, CLIENT_BROKE, NAVE_ECANCELED, NULL);
}

void client_stop(struct client *c)
{
    if (c->stream)
        (void)c->sim->api->call(c->sim, c->worker, stop_here, c);
}
