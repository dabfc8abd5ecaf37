/* SPDX-License-Identifier: MIT
 *
 * An HTTP/1.1 client of a simulated listener: sends requests one after the other on one connection and
 * compares each answer with what it must be. It ends with how it went, and never with a wrong answer
 * taken for a right one.
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include <nave/sim.h>
#include <nave/stream.h>
#include <nave/worker.h>

#define CLIENT_BODY_MAX 8192u
#define CLIENT_ROOM     (CLIENT_BODY_MAX + 4096u)

enum client_state {
    CLIENT_RUNS = 0,
    CLIENT_DONE,  /* every request was answered rightly                                */
    CLIENT_BROKE, /* the connection ended or failed before; `err` says how             */
    CLIENT_SHED,  /* the server said 5xx: it is out of something                       */
    CLIENT_WRONG, /* an answer that must not be: `why`                                 */
};

struct client {
    struct nave_sim *sim;
    struct nave_stream *stream; /* NULL: closed */
    uint32_t worker;
    uint32_t requests; /* to be made */
    uint32_t answered;
    enum client_state state;
    nave_err err;
    const char *why;
    size_t body_len; /* of the request under way: its bytes are body_seed's */
    uint8_t body_seed;
    uint8_t is_post;
    uint8_t is_waiting; /* the request is sent */
    size_t out_len;
    size_t out_at;
    size_t in_len;
    char out[CLIENT_ROOM];
    char in[CLIENT_ROOM];
};

/* Connect from worker `worker` to `address`, and make `requests` of them: GET /hello must say
 * "Hello, World!\n", POST /echo what was sent; 0: say nothing, until the server ends it. Returns what
 * connect said. */
nave_err client_start(struct client *c, struct nave_sim *sim, uint32_t worker, const char *address,
                      uint32_t requests);

/* 1: it has ended, and its stream is closed. */
int32_t client_is_over(const struct client *c);

/* Close what is open, from outside of a step. */
void client_stop(struct client *c);

#endif
